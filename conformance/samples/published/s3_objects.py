"""Put, list and get objects, as the vendor's pages have it for Python: no endpoint, no key, no region in the program."""

import boto3

s3 = boto3.client("s3")
s3.create_bucket(Bucket="{{bucket}}")
s3.put_object(Bucket="{{bucket}}", Key="hello.txt", Body=b"Hello S3")
for item in s3.list_objects_v2(Bucket="{{bucket}}")["Contents"]:
    print(item["Key"], item["Size"])
print(s3.get_object(Bucket="{{bucket}}", Key="hello.txt")["Body"].read().decode())
