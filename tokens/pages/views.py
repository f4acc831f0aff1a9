from django.http import HttpRequest, HttpResponse
def token_list(request): return HttpResponse("")
token_create=token_detail=token_delete=token_list
