"""Upload callbacks on a simple upload and on the end of a multipart upload, as the vendor's page has them for Python."""

import base64
import os
from io import StringIO

import tos

ak = os.getenv("TOS_ACCESS_KEY")
sk = os.getenv("TOS_SECRET_KEY")
endpoint = "{{endpoint}}"
region = "{{region}}"
bucket_name = "bucket-test"
object_key = "object-test"
upload_id = "{{upload_id}}"

callback = """
{
    "callbackUrl": "{{callback url}}",
    "callbackBody": "{\\"bucket\\": ${bucket}, \\"object\\": ${object}, \\"key1\\": ${x:key1}}",
    "callbackBodyType": "application/json"
}"""
callback_var = """{"x:key1": "ceshi"}"""

try:
    client = tos.TosClientV2(ak, sk, endpoint, region)
    callback = base64.b64encode(callback.encode("utf-8")).decode("utf-8")
    callback_var = base64.b64encode(callback_var.encode("utf-8")).decode("utf-8")
    result = client.put_object(
        bucket_name, object_key, content=StringIO("Hello TOS"), callback=callback, callback_var=callback_var
    )
    print("http status code:{}".format(result.status_code))
    print("request_id: {}".format(result.request_id))

    result = client.complete_multipart_upload(
        bucket_name, object_key, upload_id=upload_id, parts=[], callback=callback, callback_var=callback_var
    )
    print("http status code:{}".format(result.status_code))
    print("request_id: {}".format(result.request_id))
except tos.exceptions.TosClientError as e:
    print("fail with client error, message:{}, cause: {}".format(e.message, e.cause))
except tos.exceptions.TosServerError as e:
    print("fail with server error, code: {}".format(e.code))
    print("error with request id: {}".format(e.request_id))
    print("error with message: {}".format(e.message))
    print("error with http code: {}".format(e.status_code))
    print("error with ec: {}".format(e.ec))
    print("error with request url: {}".format(e.request_url))
except Exception as e:
    print("fail with unknown error: {}".format(e))
