"""Set and read the event notification of a bucket, as the vendor's page has it for Python."""

import os

import tos
from tos.models2 import CloudFunctionConfiguration, Filter, FilterKey, FilterRule

ak = os.getenv("TOS_ACCESS_KEY")
sk = os.getenv("TOS_SECRET_KEY")
endpoint = "{{endpoint}}"
region = "{{region}}"
bucket_name = "{{bucket}}"
try:
    client = tos.TosClientV2(ak, sk, endpoint, region)
    rules = [
        CloudFunctionConfiguration(
            id="1",
            events=["tos:ObjectCreated:Put", "tos:ObjectCreated:Post"],
            filter=Filter(
                key=FilterKey(
                    rules=[
                        FilterRule(name="prefix", value="{{prefix}}"),
                        FilterRule(name="suffix", value="{{suffix}}"),
                    ]
                )
            ),
            cloud_function="{{function}}",
        )
    ]
    client.put_bucket_notification(bucket_name, rules)

    out = client.get_bucket_notification(bucket_name)
    for config in out.cloud_function_configurations:
        print("id", config.id)
        print("events", config.events)
        print("cloud function", config.cloud_function)
        if config.filter:
            for rule in config.filter.key.rules:
                print("filter rule", rule.name, rule.value)
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
