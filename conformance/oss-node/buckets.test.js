'use strict';
// Buckets, their settings and their versions.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Server, WAYS, fails } = require('./harness');

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

WAYS.forEach(({ name: way, make }, n) =>
  describe(way, () => {
    const bucket = `buckets-${n}`;
    let client;
    before(async () => {
      client = make(server, bucket);
      await client.putBucket(bucket);
    });

    test('a bucket and what is told about it', async () => {
      const { bucket: info } = await client.getBucketInfo(bucket);
      assert.deepEqual([info.Name, info.Location, info.StorageClass], [bucket, 'oss-cn-hangzhou', 'Standard']);
      assert.equal((await client.getBucketLocation(bucket)).location, 'oss-cn-hangzhou');
      await client.putBucketACL(bucket, 'public-read');
      assert.equal((await client.getBucketACL(bucket)).acl, 'public-read');
      await client.put('k', Buffer.from('12345'));
      const { stat } = await client.getBucketStat(bucket);
      assert.deepEqual([stat.ObjectCount, stat.Storage], ['1', '5']);
      await fails(() => client.deleteBucket(bucket), 409, 'BucketNotEmpty');
      await client.delete('k');
    });

    test('lists of buckets', async () => {
      const { buckets } = await make(server).listBuckets({ prefix: bucket });
      assert.deepEqual(buckets.map((found) => found.name), [bucket]);
    });

    test('a bucket that is removed', async () => {
      const other = `${bucket}-2`;
      await client.putBucket(other, { acl: 'private', storageClass: 'IA' });
      assert.equal((await make(server, other).getBucketInfo(other)).bucket.StorageClass, 'IA');
      assert.equal((await client.deleteBucket(other)).res.status, 204);
      await fails(() => client.getBucketInfo(other), 404, 'NoSuchBucket');
    });

    test('settings', async () => {
      const rule = { allowedOrigin: 'http://app.example.com', allowedMethod: 'PUT', allowedHeader: '*', exposeHeader: 'ETag', maxAgeSeconds: '60' };
      await client.putBucketCORS(bucket, [rule]);
      const { rules } = await client.getBucketCORS(bucket);
      assert.deepEqual({ ...rules[0] }, rule);
      await client.deleteBucketCORS(bucket);
      await fails(() => client.getBucketCORS(bucket), 404, 'NoSuchCORSConfiguration');
      await client.putBucketLifecycle(bucket, [{ id: 'a', prefix: 'logs/', status: 'Enabled', expiration: { days: 3 } }]);
      const kept = (await client.getBucketLifecycle(bucket)).rules;
      assert.deepEqual([kept[0].id, kept[0].prefix, kept[0].status, kept[0].expiration.days], ['a', 'logs/', 'Enabled', '3']);
      await client.deleteBucketLifecycle(bucket);
      await client.putBucketTags(bucket, { a: '1' });
      assert.deepEqual((await client.getBucketTags(bucket)).tag, { a: '1' });
      await client.deleteBucketTags(bucket);
      const policy = { Version: '1', Statement: [{ Effect: 'Allow', Action: ['oss:GetObject'], Principal: ['somebody'], Resource: [`acs:oss:*:*:${bucket}/*`] }] };
      await client.putBucketPolicy(bucket, policy);
      assert.deepEqual((await client.getBucketPolicy(bucket)).policy, policy);
      await client.deleteBucketPolicy(bucket);
    });

    test('an inventory whose lists are not encrypted', async () => {
      const place = { format: 'CSV', accountId: '100000000000000', rolename: 'AliyunOSSRole', bucket };
      const options = { isEnabled: false, frequency: 'Daily', OSSBucketDestination: place, includedObjectVersions: 'All' };
      await client.putBucketInventory(bucket, { id: 'report', ...options });
      const { inventory } = await client.getBucketInventory(bucket, 'report');
      assert.deepEqual([inventory.id, inventory.OSSBucketDestination.encryption], ['report', undefined]);
      await client.deleteBucketInventory(bucket, 'report');
    });

    test('versions', async () => {
      const other = `${bucket}-v`;
      const versioned = make(server, other);
      await versioned.putBucket(other);
      await versioned.putBucketVersioning(other, 'Enabled');
      assert.equal((await versioned.getBucketVersioning(other)).versionStatus, 'Enabled');
      const ids = [];
      for (const content of ['1', '2']) {
        ids.push((await versioned.put('k', Buffer.from(content))).res.headers['x-oss-version-id']);
      }
      assert.equal((await versioned.get('k', { versionId: ids[0] })).content.toString(), '1');
      await versioned.delete('k');
      await fails(() => versioned.get('k'), 404, 'NoSuchKey');
      const { objects, deleteMarker } = await versioned.listObjectVersions();
      assert.deepEqual(objects.map((object) => object.versionId), [ids[1], ids[0]]);
      assert.equal(deleteMarker.length, 1);
      const all = [...objects, ...deleteMarker].map((found) => ({ key: found.name, versionId: found.versionId }));
      await versioned.deleteMulti(all);
      await versioned.deleteBucket(other);
    });
  }),
);
