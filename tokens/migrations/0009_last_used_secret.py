from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tokens", "0008_room_for_last_use")]
    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="last_used_secret_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
