// Starts the real binary, and makes the vendors' clients; knows nothing of the tests.
package oms

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	oms "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/region"
)

const stopMax = 20 * time.Second

// Server is the binary on a folder of its own and free ports.
type Server struct {
	process *exec.Cmd
	url     string
	ak, sk  string
}

var server *Server

func TestMain(m *testing.M) {
	var err error
	if server, err = start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The region's endpoint, where the programs that name a region of the vendor look it up. No other name leads
	// away from here.
	os.Setenv("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", server.url)
	code := m.Run()
	if err := server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func start() (*Server, error) {
	data, err := os.MkdirTemp("", "cohong-")
	if err != nil {
		return nil, err
	}
	process := exec.Command(os.Getenv("COHONG_BIN"), "serve", "--data", data,
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--json")
	process.Stderr = os.Stderr
	process.Env = append(os.Environ(), "COHONG_LOG=error")
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	var ready struct {
		Listen    string `json:"listen"`
		AccessKey string `json:"access_key"`
		SecretKey string `json:"secret_key"`
	}
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		return nil, err
	}
	return &Server{process, "http://" + ready.Listen, ready.AccessKey, ready.SecretKey}, nil
}

func (s *Server) stop() error {
	data := s.process.Args[3]
	defer os.RemoveAll(data)
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(stopMax, func() { s.process.Process.Kill() })
	defer late.Stop()
	return s.process.Wait()
}

// The published sample's client: keys and a region by name. This SDK puts `https://` before what the environment
// says of the identity service, so that one is given in code, as its page says.
func sampleClient(t *testing.T) *oms.OmsClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().
		WithAk(server.ak).WithSk(server.sk).WithIamEndpointOverride(server.url).SafeBuild()
	must(t, err)
	place, err := region.SafeValueOf("cn-north-4")
	must(t, err)
	client, err := oms.OmsClientBuilder().WithRegion(place).WithCredential(credentials).SafeBuild()
	must(t, err)
	return oms.NewOmsClient(client)
}

// Two buckets with names of this test, reached as OSS buckets: the objects come and go through another dialect.
func twoBuckets(t *testing.T) (*oss.Bucket, *oss.Bucket) {
	t.Helper()
	client, err := oss.New(server.url, server.ak, server.sk)
	must(t, err)
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	if len(name) > 50 {
		name = name[len(name)-50:]
	}
	name = strings.Trim(name, "-")
	made := make([]*oss.Bucket, 0, 2)
	for _, end := range []string{"-src", "-dst"} {
		must(t, client.CreateBucket(name+end))
		bucket, err := client.Bucket(name + end)
		must(t, err)
		made = append(made, bucket)
	}
	return made[0], made[1]
}

// A running task between two buckets, gone when the test ends: an account has at most five.
func newTask(t *testing.T, client *oms.OmsClient, from, to *oss.Bucket) string {
	t.Helper()
	made, err := client.CreateSyncTask(&model.CreateSyncTaskRequest{Body: &model.CreateSyncTaskReq{
		SrcRegion: "local", SrcBucket: from.BucketName, SrcAk: server.ak, SrcSk: server.sk,
		DstRegion: "cn-north-4", DstBucket: to.BucketName, DstAk: server.ak, DstSk: server.sk,
	}})
	must(t, err)
	id := *made.SyncTaskId
	t.Cleanup(func() {
		_, stopped := client.StopSyncTask(&model.StopSyncTaskRequest{SyncTaskId: id})
		must(t, stopped)
		_, deleted := client.DeleteSyncTask(&model.DeleteSyncTaskRequest{SyncTaskId: id})
		must(t, deleted)
	})
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
