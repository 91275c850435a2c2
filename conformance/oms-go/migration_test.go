package oms

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	oms "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/model"
)

// States of a migration task.
const (
	running int32 = 2
	stopped int32 = 3
	failed  int32 = 4
	done    int32 = 5
)

func TestABucketIsBroughtAsAWhole(t *testing.T) {
	client := sampleClient(t)
	from, to := twoBuckets(t)
	const count = 300
	for n := range count {
		key := fmt.Sprintf("photos/%04d+ ä.jpg", n)
		must(t, from.PutObject(key, strings.NewReader("bytes of "+key)))
	}
	task := newMigration(t, client, from, to, []string{""}, nil)
	shown := ended(t, client, task)
	if *shown.Status != done || *shown.Progress != 1 || !*shown.IsQueryOver {
		t.Fatal(shown)
	}
	if *shown.TotalNum != count || *shown.SuccessfulNum != count || *shown.FailedNum != 0 || *shown.SkippedNum != 0 {
		t.Fatal(shown)
	}
	if *shown.TotalSize != *shown.CompleteSize || *shown.RealSize != *shown.CompleteSize {
		t.Fatal(shown)
	}
	for n := range count {
		key := fmt.Sprintf("photos/%04d+ ä.jpg", n)
		read, err := to.GetObject(key)
		must(t, err)
		bytes, err := io.ReadAll(read)
		must(t, err)
		must(t, read.Close())
		if string(bytes) != "bytes of "+key {
			t.Fatalf("%s holds %q", key, bytes)
		}
	}
	listed, err := client.ListTasks(&model.ListTasksRequest{})
	must(t, err)
	if *listed.Count != 1 || *(*listed.Tasks)[0].Id != task {
		t.Fatal(listed)
	}
}

func TestAMigrationIsStoppedGoesOnAndIsTriedAgain(t *testing.T) {
	client := sampleClient(t)
	from, to := twoBuckets(t)
	content := strings.Repeat("0123456789abcdef", 8192)
	const count = 100
	for n := range count {
		must(t, from.PutObject(fmt.Sprintf("there/%02d", n), strings.NewReader(content)))
	}
	slow := []model.BandwidthPolicyDto{{Start: "00:00", End: "23:59", MaxBandwidth: 1 << 20}}
	task := newMigration(t, client, from, to, []string{"there/", "late"}, &slow)
	_, err := client.StartTask(starting(task, false))
	fails(t, err, 400, "OMS.0065")
	waitFor(t, client, task, func(shown *model.ShowTaskResponse) bool { return *shown.SuccessfulNum > 0 })
	_, err = client.StopTask(&model.StopTaskRequest{TaskId: task})
	must(t, err)
	shown := show(t, client, task)
	if *shown.Status != stopped || *shown.SuccessfulNum >= count {
		t.Fatal(shown)
	}
	fast := []model.BandwidthPolicyDto{{Start: "00:00", End: "23:59", MaxBandwidth: 200 << 20}}
	_, err = client.UpdateBandwidthPolicy(&model.UpdateBandwidthPolicyRequest{
		TaskId: task, Body: &model.UpdateBandwidthPolicyReq{BandwidthPolicy: fast},
	})
	must(t, err)
	_, err = client.StartTask(starting(task, false))
	must(t, err)
	shown = ended(t, client, task)
	if *shown.Status != failed || *shown.SuccessfulNum != count || *shown.FailedNum != 1 {
		t.Fatal(shown)
	}
	if *shown.ErrorReason.ErrorCode != "TRF.0004" || !*shown.FailedObjectRecord.Result {
		t.Fatal(shown)
	}
	must(t, from.PutObject("late", strings.NewReader("after all")))
	_, err = client.StartTask(starting(task, true))
	must(t, err)
	shown = ended(t, client, task)
	if *shown.Status != done || *shown.SuccessfulNum != count+1 || *shown.SkippedNum != 0 {
		t.Fatal(shown)
	}
}

// A running migration between two buckets, gone when the test ends.
func newMigration(t *testing.T, client *oms.OmsClient, from, to *oss.Bucket, keys []string, policy *[]model.BandwidthPolicyDto) int64 {
	t.Helper()
	region := "local"
	made, err := client.CreateTask(&model.CreateTaskRequest{Body: &model.CreateTaskReq{
		SrcNode: &model.SrcNodeReq{
			Region: &region, Ak: &server.ak, Sk: &server.sk, Bucket: &from.BucketName, ObjectKey: &keys,
		},
		DstNode:         &model.DstNodeReq{Ak: server.ak, Sk: server.sk, Region: "cn-north-4", Bucket: to.BucketName},
		BandwidthPolicy: policy,
	}})
	must(t, err)
	id := *made.Id
	t.Cleanup(func() {
		// It may run when the test has failed.
		if *show(t, client, id).Status == running {
			_, err := client.StopTask(&model.StopTaskRequest{TaskId: id})
			must(t, err)
		}
		_, err := client.DeleteTask(&model.DeleteTaskRequest{TaskId: id})
		must(t, err)
	})
	return id
}

func starting(task int64, onlyFailed bool) *model.StartTaskRequest {
	return &model.StartTaskRequest{TaskId: task, Body: &model.StartTaskReq{
		SrcAk: &server.ak, SrcSk: &server.sk, DstAk: server.ak, DstSk: server.sk, MigrateFailedObject: &onlyFailed,
	}}
}

func show(t *testing.T, client *oms.OmsClient, task int64) *model.ShowTaskResponse {
	t.Helper()
	shown, err := client.ShowTask(&model.ShowTaskRequest{TaskId: task})
	must(t, err)
	return shown
}

func ended(t *testing.T, client *oms.OmsClient, task int64) *model.ShowTaskResponse {
	t.Helper()
	return waitFor(t, client, task, func(shown *model.ShowTaskResponse) bool { return *shown.Status != running })
}

// The task as soon as something is so.
func waitFor(t *testing.T, client *oms.OmsClient, task int64, there func(*model.ShowTaskResponse) bool) *model.ShowTaskResponse {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		shown := show(t, client, task)
		if there(shown) {
			return shown
		}
		if time.Now().After(end) {
			t.Fatal(shown)
		}
	}
}
