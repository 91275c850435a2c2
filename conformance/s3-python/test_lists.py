"""Listings and versions."""

import s3_clients

KEYS = ["a", "a b", "a+b", "dir//x", "dir/1", "dir/2", "dir2/x", "new\nline", "z", "中"]


def pages(s3, call, bucket, field, **options):
    found = []
    for page in s3.get_paginator(call).paginate(Bucket=bucket, **options):
        found += [one["Key"] for one in page.get(field, [])] + [one["Prefix"] for one in page.get("CommonPrefixes", [])]
    return found


def test_every_page_of_every_list(s3, bucket):
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    lists = [("list_objects", "Contents"), ("list_objects_v2", "Contents"), ("list_object_versions", "Versions")]
    for call, field in lists:
        for size in (1, 3, 1000):
            config = {"PageSize": size}
            assert pages(s3, call, bucket, field, PaginationConfig=config) == KEYS, (call, size)
            under = pages(s3, call, bucket, field, PaginationConfig=config, Prefix="dir/", Delimiter="/")
            assert sorted(under) == ["dir//", "dir/1", "dir/2"], (call, size)
            top = pages(s3, call, bucket, field, PaginationConfig=config, Delimiter="/")
            assert sorted(top) == sorted([key for key in KEYS if "/" not in key] + ["dir/", "dir2/"]), (call, size)


def test_what_a_page_says(s3, bucket, fails):
    for key in ("a", "b/1", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2, FetchOwner=True)
    assert (page["KeyCount"], page["IsTruncated"], page["Delimiter"]) == (2, True, "/")
    assert page["Contents"][0]["Owner"]["ID"] == "root" and page["CommonPrefixes"] == [{"Prefix": "b/"}]
    rest = s3.list_objects_v2(Bucket=bucket, Delimiter="/", ContinuationToken=page["NextContinuationToken"])
    assert [one["Key"] for one in rest["Contents"]] == ["c"] and "CommonPrefixes" not in rest
    assert "Owner" not in rest["Contents"][0] and rest["ContinuationToken"] == page["NextContinuationToken"]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="b/1")
    assert [one["Key"] for one in after["Contents"]] == ["c"] and after["StartAfter"] == "b/1"
    first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert first["NextMarker"] == "b/" and first["Contents"][0]["Owner"]
    last = s3.list_objects(Bucket=bucket, Delimiter="/", Marker=first["NextMarker"])
    assert [one["Key"] for one in last["Contents"]] == ["c"]
    none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000
    fails(lambda: s3.list_objects_v2(Bucket=bucket, ContinuationToken="nonsense!"), 400, "InvalidArgument")
    fails(lambda: s3.list_objects_v2(Bucket=bucket, MaxKeys=-1), 400, "InvalidArgument")
    fails(lambda: s3.list_object_versions(Bucket=bucket, VersionIdMarker="null"), 400, "InvalidArgument")


def test_versions(s3, versioned, fails):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    assert first != second
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=first)["Body"].read() == b"1"
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert gone["DeleteMarker"] is True
    marker = gone["VersionId"]
    error = fails(lambda: s3.get_object(Bucket=versioned, Key="k"), 404, "NoSuchKey")
    assert error["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    fails(lambda: s3.get_object(Bucket=versioned, Key="k", VersionId=marker), 405, "MethodNotAllowed")
    page = s3.list_object_versions(Bucket=versioned)
    assert [(one["VersionId"], one["IsLatest"]) for one in page["Versions"]] == [(second, False), (first, False)]
    assert [(one["VersionId"], one["IsLatest"]) for one in page["DeleteMarkers"]] == [(marker, True)]
    back = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert back["DeleteMarker"] is True and back["VersionId"] == marker
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == second
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert copied["CopySourceVersionId"] == first and copied["VersionId"] not in (first, second)
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Suspended"
    assert s3.put_object(Bucket=versioned, Key="k", Body=b"null")["VersionId"] == "null"
    assert s3.get_object(Bucket=versioned, Key="k", VersionId="null")["Body"].read() == b"null"
    done = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": first}, {"Key": "new"}]})
    assert {"Key": "k", "VersionId": first} in done["Deleted"]
    assert [one for one in done["Deleted"] if one["Key"] == "new"][0]["DeleteMarker"] is True


def test_versioning_never_switched_on(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    (line,) = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert (line["VersionId"], line["IsLatest"]) == ("null", True)
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k", VersionId="null")


def test_deleting_many(server, s3, bucket, stranger, fails):
    for n in range(1000):
        s3.put_object(Bucket=bucket, Key=f"k{n}", Body=b"")
    objects = [{"Key": f"k{n}"} for n in range(1000)]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    assert "Deleted" not in done and "Errors" not in done
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    fails(lambda: s3.delete_objects(Bucket=bucket, Delete={"Objects": objects + [{"Key": "x"}]}), 400, "MalformedXML")
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    refused = s3_clients.client(server, stranger).delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert [(one["Key"], one["Code"]) for one in refused["Errors"]] == [("k", "AccessDenied")]
