package oms

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	oms "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/model"
)

// What the page sends, and what it means.
var bodies = []struct{ keys, moved []string }{
	{[]string{"test%2F001.txt", "test%2F002.txt"}, []string{"test/001.txt", "test/002.txt"}},
	{[]string{"test%2B001.txt"}, []string{"test+001.txt"}},
	{[]string{"test+001.txt"}, []string{"test 001.txt"}},
}

// Every name that one of the bodies might mean under some reading.
var sources = []string{"test/001.txt", "test/002.txt", "test+001.txt", "test 001.txt", "test%2F001.txt", "test%2B001.txt"}

func TestExactlyTheNamedObjectsMove(t *testing.T) {
	for n, body := range bodies {
		t.Run(fmt.Sprint("body", n), func(t *testing.T) {
			client := sampleClient(t)
			from, to := twoBuckets(t)
			for _, key := range sources {
				must(t, from.PutObject(key, strings.NewReader("bytes of "+key)))
			}
			task := newTask(t, client, from, to)
			told, err := client.CreateSyncEvents(event(task, body.keys...))
			must(t, err)
			if told.HttpStatusCode != 200 {
				t.Fatal(told.HttpStatusCode)
			}
			counts := settled(t, client, task)
			sent := int64(len(body.keys))
			if counts["REQUEST"] != sent || counts["SUCCESS"] != sent {
				t.Fatal(counts)
			}
			if found := keysOf(t, to); !slices.Equal(found, slices.Sorted(slices.Values(body.moved))) {
				t.Fatal(found)
			}
			for _, key := range body.moved {
				read, err := to.GetObject(key)
				must(t, err)
				bytes, err := io.ReadAll(read)
				must(t, err)
				must(t, read.Close())
				if string(bytes) != "bytes of "+key {
					t.Fatalf("%s holds %q", key, bytes)
				}
			}
		})
	}
}

func TestTheSamplesNameNoTask(t *testing.T) {
	client := sampleClient(t)
	for _, body := range bodies {
		_, err := client.CreateSyncEvents(event("", body.keys...))
		fails(t, err, 404, "OMS.1009")
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	client := sampleClient(t)
	from, to := twoBuckets(t)
	task := newTask(t, client, from, to)
	many := slices.Repeat([]string{"k"}, 101)
	for _, keys := range [][]string{{}, many, {""}, {"%"}, {"%2"}, {"%zz"}, {"%ff"}, {strings.Repeat("k", 16385)}, {strings.Repeat("k", 1025)}} {
		_, err := client.CreateSyncEvents(event(task, append(keys, good(keys)...)...))
		fails(t, err, 400, "OMS.1003")
	}
	if counts := settled(t, client, task); counts["REQUEST"] != 0 {
		t.Fatal(counts)
	}
	_, err := client.CreateSyncEvents(event("31e9b7e6-6ffb-452f-9842-6ce354d99d75", "k"))
	fails(t, err, 404, "OMS.1009")
}

func TestATaskIsShown(t *testing.T) {
	client := sampleClient(t)
	from, to := twoBuckets(t)
	task := newTask(t, client, from, to)
	shown, err := client.ShowSyncTask(&model.ShowSyncTaskRequest{SyncTaskId: task, QueryTime: time.Now().UnixMilli()})
	must(t, err)
	// A widely used client reads these unchecked.
	status := model.GetShowSyncTaskResponseStatusEnum().SYNCHRONIZING
	if *shown.Status != status || *shown.SrcBucket != from.BucketName || *shown.DstBucket != to.BucketName {
		t.Fatal(shown)
	}
	if shown.CreateTime == nil || shown.LastStartTime == nil || shown.SrcCloudType == nil || shown.ObjectOverwriteMode == nil || shown.ConsistencyCheck == nil {
		t.Fatal(shown)
	}
	listed, err := client.ListSyncTasks(&model.ListSyncTasksRequest{})
	must(t, err)
	if *listed.Count != 1 || *(*listed.Tasks)[0].SyncTaskId != task {
		t.Fatal(listed)
	}
}

// An event; beside keys that are wrong stands one that is not, which must not be taken either.
func good(keys []string) []string {
	if len(keys) == 0 {
		return nil
	}
	return []string{"good"}
}

func event(task string, keys ...string) *model.CreateSyncEventsRequest {
	if keys == nil {
		keys = []string{}
	}
	return &model.CreateSyncEventsRequest{SyncTaskId: task, Body: &model.SyncObjectReq{ObjectKeys: keys}}
}

// The counts of the last hour, when every request has its outcome.
func settled(t *testing.T, client *oms.OmsClient, task string) map[string]int64 {
	t.Helper()
	types := model.GetListSyncTaskStatisticRequestDataTypeEnum()
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		counts := map[string]int64{}
		for _, of := range []model.ListSyncTaskStatisticRequestDataType{types.SUCCESS, types.FAILURE, types.SKIP, types.REQUEST} {
			now := time.Now().UnixMilli()
			told, err := client.ListSyncTaskStatistic(&model.ListSyncTaskStatisticRequest{
				SyncTaskId: task, DataType: of, StartTime: now - 3_600_000, EndTime: now + 3_600_000,
			})
			must(t, err)
			for _, span := range *(*told.StatisticDatas)[0].Data {
				counts[of.Value()] += *span.StatisticNum
			}
		}
		if counts["REQUEST"] == counts["SUCCESS"]+counts["FAILURE"]+counts["SKIP"] {
			return counts
		}
		if time.Now().After(end) {
			t.Fatal(counts)
		}
	}
}

// The keys of a bucket, without the lists that tasks leave there.
func keysOf(t *testing.T, bucket *oss.Bucket) []string {
	t.Helper()
	listed, err := bucket.ListObjectsV2(oss.MaxKeys(1000))
	must(t, err)
	found := []string{}
	for _, object := range listed.Objects {
		if !strings.HasPrefix(object.Key, "oms/") {
			found = append(found, object.Key)
		}
	}
	return found
}

// Checks that a call failed at the server, with every part that the samples print.
func fails(t *testing.T, err error, status int, code string) {
	t.Helper()
	var told *sdkerr.ServiceResponseError
	if !errors.As(err, &told) {
		t.Fatal(err)
	}
	if told.StatusCode != status || told.ErrorCode != code || told.RequestId == "" || told.ErrorMessage == "" {
		t.Fatal(told)
	}
}
