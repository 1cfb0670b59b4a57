SECRET_KEY = "not-a-secret-in-a-lesson"
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
DEBUG = False
INSTALLED_APPS = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
