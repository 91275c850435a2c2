'use strict';
// Everyday work with objects, in every way the client can be pointed at a server.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { after, before, describe, test } = require('node:test');
const { Server, WAYS, fails } = require('./harness');

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

WAYS.forEach(({ name: way, make }, n) =>
  describe(way, () => {
    const bucket = `objects-${n}`;
    let client;
    before(async () => {
      client = make(server, bucket);
      await client.putBucket(bucket);
    });

    for (const key of ['k', 'dir/中 a+b', "q?a&b=c#d%20e!'()*", 'x'.repeat(1023)]) {
      test(`a round trip of ${key.slice(0, 20)}`, async () => {
        const put = await client.put(key, Buffer.from('content'), { meta: { name: 'value' }, headers: { 'Cache-Control': 'no-cache' } });
        assert.equal(put.res.status, 200);
        assert.match(put.res.headers.etag, /^"[0-9A-F]{32}"$/);
        const got = await client.get(key);
        assert.equal(got.content.toString(), 'content');
        assert.equal(got.res.headers['cache-control'], 'no-cache');
        const head = await client.head(key);
        assert.deepEqual(head.meta, { name: 'value' });
        assert.equal(head.res.headers['x-oss-hash-crc64ecma'], put.res.headers['x-oss-hash-crc64ecma']);
        assert.equal((await client.getObjectMeta(key)).res.headers['content-length'], '7');
        assert.equal((await client.delete(key)).res.status, 204);
        await fails(() => client.get(key), 404, 'NoSuchKey');
      });
    }

    test('files and streams', async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oss-node-'));
      const file = path.join(folder, 'in.txt');
      fs.writeFileSync(file, 'from a file');
      await client.put('file.txt', file);
      assert.equal((await client.head('file.txt')).res.headers['content-type'], 'text/plain');
      await client.get('file.txt', path.join(folder, 'out'));
      assert.equal(fs.readFileSync(path.join(folder, 'out'), 'utf8'), 'from a file');
      await client.putStream('stream', Readable.from([Buffer.from('piece '), Buffer.from('by piece')]));
      const { stream } = await client.getStream('stream');
      const pieces = [];
      for await (const piece of stream) pieces.push(piece);
      assert.equal(Buffer.concat(pieces).toString(), 'piece by piece');
      const part = await client.get('stream', { headers: { Range: 'bytes=6-7' } });
      assert.deepEqual([part.res.status, part.content.toString()], [206, 'by']);
      fs.rmSync(folder, { recursive: true });
    });

    test('copies and metadata', async () => {
      await client.put('dir/source 中', Buffer.from('x'), { meta: { a: '1' } });
      await client.copy('copy', 'dir/source 中');
      assert.deepEqual((await client.head('copy')).meta, { a: '1' });
      await client.putMeta('copy', { b: '2' });
      assert.deepEqual((await client.head('copy')).meta, { b: '2' });
      await fails(() => client.copy('copy', 'absent'), 404, 'NoSuchKey');
    });

    test('tags, access lists, links', async () => {
      await client.put('k', Buffer.from('x'));
      await client.putObjectTagging('k', { a: '1', b: '2' });
      assert.deepEqual((await client.getObjectTagging('k')).tag, { a: '1', b: '2' });
      await client.deleteObjectTagging('k');
      assert.deepEqual((await client.getObjectTagging('k')).tag, {});
      await client.putACL('k', 'public-read');
      assert.equal((await client.getACL('k')).acl, 'public-read');
      await client.putSymlink('link', 'k', { headers: {} });
      assert.equal((await client.getSymlink('link')).targetName, 'k');
      assert.equal((await client.get('link')).content.toString(), 'x');
    });

    test('appending', async () => {
      const first = await client.append('log', Buffer.from('one '));
      assert.equal(first.nextAppendPosition, '4');
      const second = await client.append('log', Buffer.from('two'), { position: first.nextAppendPosition });
      assert.equal(second.nextAppendPosition, '7');
      assert.equal((await client.get('log')).content.toString(), 'one two');
      await fails(() => client.append('log', Buffer.from('x'), { position: 3 }), 409, 'PositionNotEqualToLength');
    });

    test('lists', async () => {
      const keys = ['list/a', 'list/b/1', 'list/b/2', 'list/c +', 'list/中'];
      for (const key of keys) await client.put(key, Buffer.from('x'));
      for (const size of [1, 2, 1000]) {
        const found = [];
        let marker;
        do {
          const page = await client.list({ prefix: 'list/', 'max-keys': size, ...(marker && { marker }) });
          found.push(...page.objects.map((object) => object.name));
          marker = page.nextMarker;
        } while (marker);
        assert.deepEqual(found, keys);
        const again = [];
        let token;
        do {
          const page = await client.listV2({ prefix: 'list/', 'max-keys': size, ...(token && { 'continuation-token': token }) });
          again.push(...page.objects.map((object) => object.name));
          token = page.nextContinuationToken;
        } while (token);
        assert.deepEqual(again, keys);
      }
      const page = await client.list({ prefix: 'list/', delimiter: '/' });
      assert.deepEqual(page.prefixes, ['list/b/']);
      assert.deepEqual((await client.listV2({ prefix: 'list/', delimiter: '/' })).prefixes, ['list/b/']);
    });

    test('deleting many', async () => {
      const keys = ['many/1', 'many/2 &<>', 'many/中'];
      for (const key of keys) await client.put(key, Buffer.from('x'));
      assert.deepEqual((await client.deleteMulti(keys)).deleted.map((object) => object.Key), keys);
      assert.deepEqual((await client.list({ prefix: 'many/' })).objects, []);
      await client.put('many/1', Buffer.from('x'));
      assert.deepEqual((await client.deleteMulti(['many/1'], { quiet: true })).deleted, []);
    });

    test('conditions and errors', async () => {
      const { res } = await client.put('k', Buffer.from('x'));
      await fails(() => client.get('k', { headers: { 'If-Match': '"0"' } }), 412, 'PreconditionFailed');
      await fails(() => client.head('absent'), 404, 'NoSuchKey');
      await fails(() => client.put('k', Buffer.from('y'), { headers: { 'x-oss-forbid-overwrite': 'true' } }), 409, 'FileAlreadyExists');
      assert.equal((await client.get('k')).res.headers.etag, res.headers.etag);
      const nowhere = make(server, 'no-such-bucket-anywhere');
      await fails(() => nowhere.get('k'), 404, 'NoSuchBucket');
      await fails(() => nowhere.list(), 404, 'NoSuchBucket');
      const wrong = make(server, bucket, { accessKeySecret: 'wrong' });
      await fails(() => wrong.get('k'), 403, 'SignatureDoesNotMatch');
      const unknown = make(server, bucket, { accessKeyId: 'LTAIUNKNOWN' });
      await fails(() => unknown.get('k'), 403, 'InvalidAccessKeyId');
    });

    test('a temporary key', async () => {
      const key = server.command('key', 'create', '--temporary', '15m');
      const sts = make(server, bucket, {
        accessKeyId: key.access_key,
        accessKeySecret: key.secret_key,
        stsToken: key.security_token,
        refreshSTSTokenInterval: 600000,
        refreshSTSToken: async () => ({}),
      });
      await sts.put('by/sts', Buffer.from('x'));
      assert.equal((await sts.get('by/sts')).content.toString(), 'x');
    });
  }),
);
