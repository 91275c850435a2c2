'use strict';
// Uploads in parts, with checkpoints and callbacks; links.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, afterEach, before, beforeEach, describe, test } = require('node:test');
const { Receiver, Server, WAYS, fails } = require('./harness');

const PART = 100 * 1024;
let server;
let receiver;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

/** Fails unless the server signed the request: checked with the key that the request names. */
async function verify(request) {
  const url = Buffer.from(request.headers['x-oss-pub-key-url'], 'base64').toString();
  const key = await (await fetch(url)).text();
  const [where, ...query] = request.path.split('?');
  const signed = decodeURIComponent(where) + (query.length ? `?${query.join('?')}` : '') + '\n' + request.body;
  const signature = Buffer.from(request.headers.authorization, 'base64');
  assert.ok(crypto.verify('md5', Buffer.from(signed), key, signature), 'the signature does not fit');
}

WAYS.forEach(({ name: way, make }, n) =>
  describe(way, () => {
    const bucket = `uploads-${n}`;
    const content = crypto.randomBytes(PART * 4 + 5);
    let client;
    let folder;
    let file;
    before(async () => {
      client = make(server, bucket);
      await client.putBucket(bucket);
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oss-node-'));
      file = path.join(folder, 'file');
      fs.writeFileSync(file, content);
    });
    after(() => fs.rmSync(folder, { recursive: true }));

    test('a file in parts', async () => {
      const told = [];
      const result = await client.multipartUpload('dir/中', file, {
        partSize: PART,
        parallel: 3,
        meta: { a: 'b' },
        progress: (share) => told.push(share),
      });
      assert.match(result.etag, /-5"$/);
      assert.equal(told[told.length - 1], 1);
      const got = await client.get('dir/中');
      assert.ok(got.content.equals(content));
      assert.equal(got.res.headers['x-oss-object-type'], 'Multipart');
      assert.equal(got.res.headers['x-oss-meta-a'], 'b');
    });

    test('a checkpoint', async () => {
      let checkpoint;
      await assert.rejects(
        client.multipartUpload('resumed', file, {
          partSize: PART,
          parallel: 1,
          progress: (share, reached) => {
            checkpoint = reached;
            if (share > 0.5) throw new Error('cut');
          },
        }),
        /cut/,
      );
      assert.ok(checkpoint.doneParts.length >= 2);
      const { parts } = await client.listParts('resumed', checkpoint.uploadId);
      assert.equal(parts.length, checkpoint.doneParts.length);
      const { uploads } = await client.listUploads({ prefix: 'resumed' });
      assert.deepEqual(uploads.map((upload) => upload.uploadId), [checkpoint.uploadId]);
      await make(server, bucket).multipartUpload('resumed', file, { checkpoint });
      assert.ok((await client.get('resumed')).content.equals(content));
      assert.deepEqual((await client.listUploads({ prefix: 'resumed' })).uploads, []);
    });

    test('an upload that is given up', async () => {
      const { uploadId } = await client.initMultipartUpload('given-up');
      await client.abortMultipartUpload('given-up', uploadId);
      await fails(() => client.listParts('given-up', uploadId), 404, 'NoSuchUpload');
    });

    test('a copy in parts', async () => {
      await client.put('source', file);
      await client.multipartUploadCopy('copied', { sourceKey: 'source', sourceBucketName: bucket }, { partSize: PART * 2 });
      assert.ok((await client.get('copied')).content.equals(content));
    });

    const callback = () => ({
      url: `${receiver.url}/upload`,
      body: 'bucket=${bucket}&object=${object}&size=${size}&by=${x:by}',
      customValue: { by: 'node js' },
    });

    test('a callback of a simple upload', async () => {
      const result = await client.put('dir/k', Buffer.from('12345'), { callback: callback() });
      assert.deepEqual(result.data, { Status: 'OK' });
      const [request] = receiver.requests;
      assert.equal(request.body, `bucket=${bucket}&object=dir%2Fk&size=5&by=node%20js`);
      await verify(request);
    });

    test('a callback of an upload in parts', async () => {
      const result = await client.multipartUpload('parts', file, { partSize: PART, callback: callback() });
      assert.deepEqual(result.data, { Status: 'OK' });
      const [request] = receiver.requests;
      assert.equal(request.body, `bucket=${bucket}&object=parts&size=${content.length}&by=node%20js`);
      await verify(request);
    });

    test('a callback that fails', async () => {
      receiver.answer = { status: 500, body: '{}' };
      await fails(() => client.put('kept', Buffer.from('kept'), { callback: callback() }), 203, 'CallbackFailed');
      assert.equal((await client.get('kept')).content.toString(), 'kept');
      receiver.answer = { status: 200, body: 'no JSON' };
      await fails(() => client.multipartUpload('kept', file, { partSize: PART, callback: callback() }), 203, 'CallbackFailed');
      assert.ok((await client.get('kept')).content.equals(content));
    });
  }),
);

// The client refuses to make links for an address, so these are for `localhost`. Bodies are buffers, because
// `fetch` adds a type to a text, and a type is signed.
describe('links', () => {
  const bucket = 'links';
  let client;
  before(async () => {
    client = server.atLocalhost(bucket);
    await client.putBucket(bucket);
  });

  for (const key of ['k', 'dir/中 a']) {
    test(`V1 for ${key}`, async () => {
      const headers = { 'Content-Type': 'text/x-me' };
      const put = client.signatureUrl(key, { method: 'PUT', expires: 60, 'Content-Type': 'text/x-me' });
      assert.equal((await fetch(put, { method: 'PUT', body: Buffer.from('by link'), headers })).status, 200);
      assert.equal((await fetch(put, { method: 'PUT', body: Buffer.from('by link') })).status, 403);
      const get = client.signatureUrl(key, { expires: 60, response: { 'content-type': 'a/b' } });
      const answer = await fetch(get);
      assert.equal(await answer.text(), 'by link');
      assert.equal(answer.headers.get('content-type'), 'a/b');
    });

    test(`V4 for ${key}`, async () => {
      const put = await client.signatureUrlV4('PUT', 60, { headers: {} }, key);
      assert.equal((await fetch(put, { method: 'PUT', body: Buffer.from('by V4') })).status, 200);
      const get = await client.signatureUrlV4('GET', 60, {}, key);
      assert.equal(await (await fetch(get)).text(), 'by V4');
      assert.equal((await fetch(get, { method: 'DELETE' })).status, 403);
    });
  }

  test('a form', async () => {
    const policy = { expiration: new Date(Date.now() + 60000).toISOString(), conditions: [{ bucket }] };
    const signed = client.calculatePostSignature(policy);
    const form = new FormData();
    for (const [name, value] of Object.entries({ key: 'form', ...signed })) form.append(name, value);
    form.append('file', new Blob(['by form']), 'file.txt');
    const answer = await fetch(`http://localhost:${server.port}/${bucket}`, { method: 'POST', body: form });
    assert.equal(answer.status, 204, await answer.text());
    assert.equal((await client.get('form')).content.toString(), 'by form');
  });
});
