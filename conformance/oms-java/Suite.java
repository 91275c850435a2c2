import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.model.OSSObjectSummary;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.oms.v2.OmsClient;
import com.huaweicloud.sdk.oms.v2.model.BandwidthPolicyDto;
import com.huaweicloud.sdk.oms.v2.model.CreateSyncEventsRequest;
import com.huaweicloud.sdk.oms.v2.model.CreateSyncTaskReq;
import com.huaweicloud.sdk.oms.v2.model.CreateSyncTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.CreateTaskReq;
import com.huaweicloud.sdk.oms.v2.model.CreateTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.DeleteSyncTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.DeleteTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.DstNodeReq;
import com.huaweicloud.sdk.oms.v2.model.ListSyncTaskStatisticRequest;
import com.huaweicloud.sdk.oms.v2.model.ListSyncTasksRequest;
import com.huaweicloud.sdk.oms.v2.model.ShowSyncTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.ShowSyncTaskResponse;
import com.huaweicloud.sdk.oms.v2.model.ShowTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.ShowTaskResponse;
import com.huaweicloud.sdk.oms.v2.model.SrcNodeReq;
import com.huaweicloud.sdk.oms.v2.model.StartSyncTaskReq;
import com.huaweicloud.sdk.oms.v2.model.StartSyncTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.StartTaskReq;
import com.huaweicloud.sdk.oms.v2.model.StartTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.StopSyncTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.StopTaskRequest;
import com.huaweicloud.sdk.oms.v2.model.SyncObjectReq;
import com.huaweicloud.sdk.oms.v2.model.UpdateBandwidthPolicyReq;
import com.huaweicloud.sdk.oms.v2.model.UpdateBandwidthPolicyRequest;
import com.huaweicloud.sdk.oms.v2.region.OmsRegion;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The vendor's Java SDK for OMS against the real binary: the published samples with their three bodies, and the
 * lives of a sync task and of a migration task. Objects come and go through OSS, with that vendor's SDK. The first check that fails ends the
 * run.
 *
 * <p>The SDK reads its endpoints from the environment, so the program starts itself once more with them, as a user
 * would who changes no line of a program.
 */
public final class Suite {
    /** What the page sends, and what it means. */
    private static final List<List<List<String>>> BODIES = List.of(
            List.of(List.of("test%2F001.txt", "test%2F002.txt"), List.of("test/001.txt", "test/002.txt")),
            List.of(List.of("test%2B001.txt"), List.of("test+001.txt")),
            List.of(List.of("test+001.txt"), List.of("test 001.txt")));

    /** Every name that one of the bodies might mean under some reading. */
    private static final List<String> SOURCE = List.of(
            "test/001.txt", "test/002.txt", "test+001.txt", "test 001.txt", "test%2F001.txt", "test%2B001.txt");

    private static final long SETTLED_MS_MAX = 60_000;
    private static final long STOP_S_MAX = 20;

    // States of a migration task.
    private static final int RUNNING = 2;
    private static final int STOPPED = 3;
    private static final int FAILED = 4;
    private static final int DONE = 5;

    private final String ak = System.getenv("CLOUD_SDK_AK");
    private final String sk = System.getenv("CLOUD_SDK_SK");
    private final OmsClient client = sample(ak, sk);
    private final OSS objects = new OSSClientBuilder().build(System.getenv("COHONG_URL"), ak, sk);

    public static void main(String[] words) throws Exception {
        if (System.getenv("COHONG_URL") != null) {
            new Suite().run();
            // The SDKs leave threads behind.
            System.exit(0);
        }
        Path data = Files.createTempDirectory("cohong-");
        Process server = new ProcessBuilder(System.getenv("COHONG_BIN"), "serve", "--json", "--data", data.toString(),
                "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        int code;
        try (BufferedReader lines = server.inputReader()) {
            Map<?, ?> ready = new ObjectMapper().readValue(lines.readLine(), Map.class);
            code = again(ready);
        } finally {
            server.destroy();
            if (!server.waitFor(STOP_S_MAX, TimeUnit.SECONDS)) {
                server.destroyForcibly();
            }
            try (var files = Files.walk(data)) {
                files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
        check(server.exitValue() == 0, "the server ends when it is told to");
        System.exit(code);
    }

    /** Runs this program with what a user sets instead of changing it. */
    private static int again(Map<?, ?> ready) throws Exception {
        String url = "http://" + ready.get("listen");
        ProcessBuilder self = new ProcessBuilder("java", "Suite.java").inheritIO();
        self.environment().putAll(Map.of(
                "COHONG_URL", url,
                "HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", url,
                "HUAWEICLOUD_SDK_IAM_ENDPOINT", url,
                "CLOUD_SDK_AK", ready.get("access_key").toString(),
                "CLOUD_SDK_SK", ready.get("secret_key").toString()));
        return self.start().waitFor();
    }

    /** The client as the page makes it: region by name, keys, nothing else. */
    private static OmsClient sample(String ak, String sk) {
        BasicCredentials credentials = new BasicCredentials().withAk(ak).withSk(sk);
        return OmsClient.newBuilder().withCredential(credentials).withRegion(OmsRegion.valueOf("cn-north-4")).build();
    }

    private void run() throws Exception {
        for (int n = 0; n < BODIES.size(); n++) {
            exactlyTheNamedObjectsMove("body-" + n, BODIES.get(n).get(0), BODIES.get(n).get(1));
        }
        theSamplesNameNoTask();
        keysThatCannotBe();
        aTaskLives();
        aBucketIsMigrated();
        wrongKeysAreRefused();
        System.out.println("all checks passed");
    }

    private void exactlyTheNamedObjectsMove(String name, List<String> keys, List<String> moved) throws Exception {
        String task = task(name);
        for (String key : SOURCE) {
            objects.putObject(name + "-src", key, new ByteArrayInputStream(bytes(key)));
        }
        check(client.createSyncEvents(event(task, keys)).getHttpStatusCode() == 200, "the event is accepted");
        Map<String, Long> counts = settled(task);
        long sent = keys.size();
        check(counts.get("REQUEST") == sent && counts.get("SUCCESS") == sent, name + " " + counts);
        check(keysOf(name + "-dst").equals(new TreeSet<>(moved)), name + " " + keysOf(name + "-dst"));
        for (String key : moved) {
            try (var content = objects.getObject(name + "-dst", key).getObjectContent()) {
                check(new String(content.readAllBytes(), StandardCharsets.UTF_8).equals("bytes of " + key), key);
            }
        }
        remove(task);
    }

    private void theSamplesNameNoTask() {
        for (List<List<String>> body : BODIES) {
            // This SDK refuses a request without a task before it is sent.
            try {
                client.createSyncEvents(event(null, body.get(0)));
            } catch (SdkException refused) {
                check(!(refused instanceof ServiceResponseException), "the request was sent: " + refused);
                continue;
            }
            throw new AssertionError("a sample without a task was accepted");
        }
    }

    private void keysThatCannotBe() throws Exception {
        String task = task("keys");
        List<List<String>> wrong = List.of(
                List.of(), Collections.nCopies(101, "k"), List.of("good", ""), List.of("good", "%"), List.of("good", "%2"),
                List.of("good", "%zz"), List.of("good", "%ff"), List.of("good", "k".repeat(16385)));
        for (List<String> keys : wrong) {
            fails(() -> client.createSyncEvents(event(task, keys)), 400, "OMS.1003");
        }
        check(settled(task).getOrDefault("REQUEST", 0L) == 0, "nothing was taken of what was refused");
        String nobodys = "31e9b7e6-6ffb-452f-9842-6ce354d99d75";
        fails(() -> client.createSyncEvents(event(nobodys, List.of("k"))), 404, "OMS.1009");
        remove(task);
    }

    private void aTaskLives() {
        String task = task("life");
        ShowSyncTaskResponse shown = show(task);
        check(shown.getStatus().getValue().equals("SYNCHRONIZING"), shown.toString());
        check(shown.getSrcBucket().equals("life-src") && shown.getDstBucket().equals("life-dst"), shown.toString());
        check(client.listSyncTasks(new ListSyncTasksRequest()).getCount() == 1, "one task is listed");
        fails(() -> client.deleteSyncTask(new DeleteSyncTaskRequest().withSyncTaskId(task)), 400, "OMS.0063");
        client.stopSyncTask(new StopSyncTaskRequest().withSyncTaskId(task));
        check(show(task).getStatus().getValue().equals("STOPPED"), "the task is stopped");
        fails(() -> client.createSyncEvents(event(task, List.of("k"))), 400, "OMS.1036");
        fails(() -> client.stopSyncTask(new StopSyncTaskRequest().withSyncTaskId(task)), 400, "OMS.0066");
        client.startSyncTask(new StartSyncTaskRequest().withSyncTaskId(task)
                .withBody(new StartSyncTaskReq().withSrcAk(ak).withSrcSk(sk).withDstAk(ak).withDstSk(sk)));
        check(show(task).getStatus().getValue().equals("SYNCHRONIZING"), "the task runs again");
        remove(task);
        fails(() -> show(task), 404, "OMS.1009");
    }

    /** A bucket and an object that comes late: stopped, gone on with, tried again. */
    private void aBucketIsMigrated() throws Exception {
        objects.createBucket("moved-src");
        objects.createBucket("moved-dst");
        byte[] content = "0123456789abcdef".repeat(4096).getBytes(StandardCharsets.UTF_8);
        int count = 300;
        for (int n = 0; n < count; n++) {
            objects.putObject("moved-src", "there/" + n, new ByteArrayInputStream(content));
        }
        SrcNodeReq from = new SrcNodeReq().withRegion("local").withBucket("moved-src").withAk(ak).withSk(sk)
                .withObjectKey(List.of("there/", "late"));
        DstNodeReq to = new DstNodeReq().withRegion("cn-north-4").withBucket("moved-dst").withAk(ak).withSk(sk);
        CreateTaskReq settings = new CreateTaskReq().withSrcNode(from).withDstNode(to)
                .withBandwidthPolicy(policy(1L << 20)).withDescription("all of it");
        String task = client.createTask(new CreateTaskRequest().withBody(settings)).getId().toString();
        fails(() -> start(task, false), 400, "OMS.0065");
        await(task, shown -> shown.getSuccessfulNum() > 0);
        client.stopTask(new StopTaskRequest().withTaskId(task));
        ShowTaskResponse shown = migration(task);
        check(shown.getStatus() == STOPPED && shown.getSuccessfulNum() < count, shown.toString());
        client.updateBandwidthPolicy(new UpdateBandwidthPolicyRequest().withTaskId(task)
                .withBody(new UpdateBandwidthPolicyReq().withBandwidthPolicy(policy(200L << 20))));
        start(task, false);
        shown = await(task, now -> now.getStatus() != RUNNING);
        check(shown.getStatus() == FAILED && shown.getTotalNum() == count + 1, shown.toString());
        check(shown.getSuccessfulNum() == count && shown.getFailedNum() == 1, shown.toString());
        check(shown.getErrorReason().getErrorCode().equals("TRF.0004"), shown.toString());
        objects.putObject("moved-src", "late", new ByteArrayInputStream(content));
        start(task, true);
        shown = await(task, now -> now.getStatus() != RUNNING);
        check(shown.getStatus() == DONE && shown.getProgress() == 1.0, shown.toString());
        check(shown.getSuccessfulNum() == count + 1 && shown.getSkippedNum() == 0, shown.toString());
        check(objects.doesObjectExist("moved-dst", "there/299"), "what is counted is there");
        client.deleteTask(new DeleteTaskRequest().withTaskId(task));
        fails(() -> migration(task), 400, "OMS.1009");
    }

    private static List<BandwidthPolicyDto> policy(long rate) {
        return List.of(new BandwidthPolicyDto().withStart("00:00").withEnd("23:59").withMaxBandwidth(rate));
    }

    private void start(String task, boolean onlyFailed) {
        StartTaskReq keys = new StartTaskReq().withSrcAk(ak).withSrcSk(sk).withDstAk(ak).withDstSk(sk);
        client.startTask(new StartTaskRequest().withTaskId(task).withBody(keys.withMigrateFailedObject(onlyFailed)));
    }

    private ShowTaskResponse migration(String task) {
        return client.showTask(new ShowTaskRequest().withTaskId(task));
    }

    /** The migration as soon as something is so. */
    private ShowTaskResponse await(String task, Predicate<ShowTaskResponse> there) throws InterruptedException {
        long end = System.currentTimeMillis() + SETTLED_MS_MAX;
        while (true) {
            ShowTaskResponse shown = migration(task);
            if (there.test(shown)) {
                return shown;
            }
            check(System.currentTimeMillis() < end, "too slow: " + shown);
            Thread.sleep(100);
        }
    }

    private void wrongKeysAreRefused() {
        // Here the project look-up fails already, or else the first call.
        fails(() -> sample(ak, "wrong").listSyncTasks(new ListSyncTasksRequest()), 401, "APIGW.0301");
    }

    /** A running task between two new buckets of this name. */
    private String task(String name) {
        objects.createBucket(name + "-src");
        objects.createBucket(name + "-dst");
        CreateSyncTaskReq settings = new CreateSyncTaskReq()
                .withSrcRegion("local").withSrcBucket(name + "-src").withSrcAk(ak).withSrcSk(sk)
                .withDstRegion("cn-north-4").withDstBucket(name + "-dst").withDstAk(ak).withDstSk(sk);
        return client.createSyncTask(new CreateSyncTaskRequest().withBody(settings)).getSyncTaskId();
    }

    private ShowSyncTaskResponse show(String task) {
        return client.showSyncTask(new ShowSyncTaskRequest().withSyncTaskId(task)
                .withQueryTime(String.valueOf(System.currentTimeMillis())));
    }

    private void remove(String task) {
        client.stopSyncTask(new StopSyncTaskRequest().withSyncTaskId(task));
        client.deleteSyncTask(new DeleteSyncTaskRequest().withSyncTaskId(task));
    }

    private static CreateSyncEventsRequest event(String task, List<String> keys) {
        return new CreateSyncEventsRequest().withSyncTaskId(task).withBody(new SyncObjectReq().withObjectKeys(keys));
    }

    /** The counts of the last hour, when every request has its outcome. */
    private Map<String, Long> settled(String task) throws InterruptedException {
        long end = System.currentTimeMillis() + SETTLED_MS_MAX;
        while (true) {
            Map<String, Long> counts = new TreeMap<>();
            for (String type : List.of("SUCCESS", "FAILURE", "SKIP", "REQUEST")) {
                counts.put(type, count(task, type));
            }
            if (counts.get("REQUEST") == counts.get("SUCCESS") + counts.get("FAILURE") + counts.get("SKIP")) {
                return counts;
            }
            check(System.currentTimeMillis() < end, "unsettled: " + counts);
            Thread.sleep(200);
        }
    }

    private long count(String task, String type) {
        long now = System.currentTimeMillis();
        ListSyncTaskStatisticRequest asked = new ListSyncTaskStatisticRequest().withSyncTaskId(task)
                .withDataType(ListSyncTaskStatisticRequest.DataTypeEnum.fromValue(type))
                .withStartTime(String.valueOf(now - 3_600_000)).withEndTime(String.valueOf(now + 3_600_000));
        return client.listSyncTaskStatistic(asked).getStatisticDatas().get(0).getData().stream()
                .mapToLong(span -> span.getStatisticNum()).sum();
    }

    /** The keys of a bucket, without the lists that tasks leave there. */
    private TreeSet<String> keysOf(String bucket) {
        List<String> found = new ArrayList<>();
        for (OSSObjectSummary object : objects.listObjects(bucket).getObjectSummaries()) {
            if (!object.getKey().startsWith("oms/")) {
                found.add(object.getKey());
            }
        }
        return new TreeSet<>(found);
    }

    private static byte[] bytes(String key) {
        return ("bytes of " + key).getBytes(StandardCharsets.UTF_8);
    }

    /** Checks that a call fails at the server, with every part that the samples print. */
    private static void fails(Runnable call, int status, String code) {
        try {
            call.run();
        } catch (ServiceResponseException told) {
            String text = told.getHttpStatusCode() + " " + told.getErrorCode() + " " + told.getErrorMsg();
            check(told.getHttpStatusCode() == status && code.equals(told.getErrorCode()), text);
            check(told.getRequestId() != null && told.getErrorMsg() != null, text);
            return;
        }
        throw new AssertionError("the call should fail with " + status + " " + code);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
