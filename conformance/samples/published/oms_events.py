# coding: utf-8
"""Create a sync event, as the vendor's page has it for Python."""

import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkoms.v2 import *
from huaweicloudsdkoms.v2.region.oms_region import OmsRegion

if __name__ == "__main__":
    ak = os.environ["CLOUD_SDK_AK"]
    sk = os.environ["CLOUD_SDK_SK"]

    credentials = BasicCredentials(ak, sk)

    client = OmsClient.new_builder() \
        .with_credentials(credentials) \
        .with_region(OmsRegion.value_of("{{region}}")) \
        .build()

    try:
        request = CreateSyncEventsRequest()
        request.sync_task_id = "{{sync_task_id}}"
        listObjectKeysbody = [
            "test%2F001.txt",
            "test%2F002.txt"
        ]
        request.body = SyncObjectReq(
            object_keys=listObjectKeysbody
        )
        response = client.create_sync_events(request)
        print(response)
    except exceptions.ClientRequestException as e:
        print(e.status_code)
        print(e.request_id)
        print(e.error_code)
        print(e.error_msg)
