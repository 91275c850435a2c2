import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.auth.ICredential;
import com.huaweicloud.sdk.core.exception.ConnectionException;
import com.huaweicloud.sdk.core.exception.RequestTimeoutException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.oms.v2.OmsClient;
import com.huaweicloud.sdk.oms.v2.model.CreateSyncEventsRequest;
import com.huaweicloud.sdk.oms.v2.model.CreateSyncEventsResponse;
import com.huaweicloud.sdk.oms.v2.model.SyncObjectReq;
import com.huaweicloud.sdk.oms.v2.region.OmsRegion;
import java.util.ArrayList;
import java.util.List;

/** Create a sync event, as the vendor's page has it for Java. */
public class CreateSyncEvents {
    public static void main(String[] args) {
        String ak = System.getenv("CLOUD_SDK_AK");
        String sk = System.getenv("CLOUD_SDK_SK");

        ICredential auth = new BasicCredentials()
                .withAk(ak)
                .withSk(sk);

        OmsClient client = OmsClient.newBuilder()
                .withCredential(auth)
                .withRegion(OmsRegion.valueOf("{{region}}"))
                .build();
        CreateSyncEventsRequest request = new CreateSyncEventsRequest();
        request.withSyncTaskId("{{sync_task_id}}");
        SyncObjectReq body = new SyncObjectReq();
        List<String> listbodyObjectKeys = new ArrayList<>();
        listbodyObjectKeys.add("test%2F001.txt");
        listbodyObjectKeys.add("test%2F002.txt");
        body.withObjectKeys(listbodyObjectKeys);
        request.withBody(body);
        try {
            CreateSyncEventsResponse response = client.createSyncEvents(request);
            System.out.println(response.toString());
        } catch (ConnectionException e) {
            e.printStackTrace();
        } catch (RequestTimeoutException e) {
            e.printStackTrace();
        } catch (ServiceResponseException e) {
            e.printStackTrace();
            System.out.println(e.getHttpStatusCode());
            System.out.println(e.getRequestId());
            System.out.println(e.getErrorCode());
            System.out.println(e.getErrorMsg());
        }
    }
}
