# -*- coding: utf-8 -*-
"""An upload callback on a simple upload, as the vendor's page has it for Python."""

import base64
import json

import oss2
from oss2.credentials import EnvironmentVariableCredentialsProvider

auth = oss2.ProviderAuth(EnvironmentVariableCredentialsProvider())
bucket = oss2.Bucket(auth, "https://oss-cn-hangzhou.aliyuncs.com", "examplebucket")


def encode_callback(callback_params):
    cb_str = json.dumps(callback_params).strip()
    return oss2.compat.to_string(base64.b64encode(oss2.compat.to_bytes(cb_str)))


callback_params = {}
callback_params["callbackUrl"] = "{{callback url}}"
callback_params["callbackBody"] = "bucket=${bucket}&object=${object}&my_var_1=${x:my_var1}&my_var_2=${x:my_var2}"
callback_params["callbackBodyType"] = "application/x-www-form-urlencoded"
encoded_callback = encode_callback(callback_params)
callback_var_params = {"x:my_var1": "my_val1", "x:my_var2": "my_val2"}
encoded_callback_var = encode_callback(callback_var_params)

params = {"x-oss-callback": encoded_callback, "x-oss-callback-var": encoded_callback_var}
result = bucket.put_object("examplefiles/exampleobject.txt", "a" * 1024 * 1024, params)
print(result.status, result.request_id)
