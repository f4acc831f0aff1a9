from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tokens", "0009_last_used_secret")]
    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="regenerated_by_token",
            field=models.ForeignKey(
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="regenerated_tokens",
                to="tokens.accesstoken",
            ),
        ),
    ]
