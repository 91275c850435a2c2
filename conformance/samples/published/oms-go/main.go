// Create a sync event, as the vendor's page has it for Go.
package main

import (
	"fmt"
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	oms "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/model"
	region "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/oms/v2/region"
)

func main() {
	ak := os.Getenv("CLOUD_SDK_AK")
	sk := os.Getenv("CLOUD_SDK_SK")

	auth := basic.NewCredentialsBuilder().
		WithAk(ak).
		WithSk(sk).
		Build()

	client := oms.NewOmsClient(
		oms.OmsClientBuilder().
			WithRegion(region.ValueOf("{{region}}")).
			WithCredential(auth).
			Build())

	request := &model.CreateSyncEventsRequest{}
	request.SyncTaskId = "{{sync_task_id}}"
	var listObjectKeysbody = []string{
		"test%2F001.txt",
		"test%2F002.txt",
	}
	request.Body = &model.SyncObjectReq{
		ObjectKeys: listObjectKeysbody,
	}
	response, err := client.CreateSyncEvents(request)
	if err == nil {
		fmt.Printf("%+v\n", response)
	} else {
		fmt.Println(err)
	}
}
