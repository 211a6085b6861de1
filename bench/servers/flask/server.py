"""The same answer from Python with Flask: it asks the upstream at every
request, as the first versions of this API did."""

import os

import requests
from flask import Flask, request

app = Flask(__name__)
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))


@app.get("/json")
def json():
    query = {
        "apiKey": os.environ["IPIFY_API_KEY"],
        "ipAddress": request.headers["x-forwarded-for"],
    }
    url = os.environ["IPIFY_ORIGIN"] + "/api/v2/country,city"
    return session.get(url, params=query, timeout=3).json()
