'use strict';
// Containers of Azure Blob Storage are read as sources of sync tasks: the vendor's SDK writes them into the vendor's
// emulator, which verifies every signature, and the copies are read through OSS.

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { BlobServiceClient, StorageSharedKeyCredential } = require('@azure/storage-blob');
const { Server } = require('../oss-node/harness.js');

/** The emulator's one account, which its documentation publishes. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const START_MS_MAX = 60000;
const LARGE = 80 * 1024 * 1024;

/** The vendor's emulator of its store. */
class Emulator {
  static async start() {
    const emulator = new Emulator();
    emulator.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'azurite-'));
    const program = path.join(process.env.NODE_PATH, 'azurite/dist/src/blob/main.js');
    const place = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--location', emulator.folder];
    // The SDK is newer than the emulator.
    const words = [...place, '--skipApiVersionCheck', '--disableTelemetry'];
    emulator.process = spawn('node', [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    emulator.ended = new Promise((resolve) => emulator.process.on('exit', resolve));
    let told = '';
    const address = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`the emulator did not start: ${told}`)), START_MS_MAX).unref();
      emulator.process.stdout.on('data', (piece) => {
        told += piece;
        const found = /successfully listens on (http:\/\/\S+)/.exec(told);
        if (found) resolve(found[1]);
      });
    });
    emulator.url = await address;
    const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);
    emulator.client = new BlobServiceClient(`${emulator.url}/${ACCOUNT}`, credential);
    return emulator;
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

let emulator;
let server;
let copies;

before(async () => {
  emulator = await Emulator.start();
  server = await Server.start();
  await server.atAddress().putBucket('copies');
  copies = server.atAddress('copies');
  const words = ['--cloud', 'Azure', '--region', 'here', '--kind', 'azure', '--endpoint', `${emulator.url}/{account}`];
  server.command('source', 'add', 'emulator', ...words);
});

after(async () => {
  await server?.stop();
  await emulator?.stop();
});

/** A sync task from a container, as the operator makes it. */
function task(container, key) {
  const words = ['sync', 'create', `emulator/${container}`, 'local/copies', '--source-key', key];
  return server.command(...words).task;
}

/** Names keys, and waits for what becomes of them: exit code and counts. */
function bring(id, ...keys) {
  server.command('sync', 'push', id, '--', ...keys);
  const words = ['--data', server.data, '--json', 'sync', 'wait', id, '--timeout', '60s'];
  const done = spawnSync(process.env.COHONG_BIN, words, { encoding: 'utf8' });
  assert.ok(done.stdout, done.stderr);
  return { code: done.status, ...JSON.parse(done.stdout) };
}

test('objects come with their bytes, names, headers and metadata', async () => {
  const container = emulator.client.getContainerClient('photos');
  await container.create();
  const keys = ['a', 'dir/b c+%41.txt', '公行/~!*().txt'];
  for (const key of keys) {
    const body = Buffer.from(`bytes of ${key}`);
    await container.getBlockBlobClient(key).upload(body, body.length, {
      blobHTTPHeaders: { blobContentType: 'text/x-me', blobCacheControl: 'no-store' },
      metadata: { who: 'me' },
      tier: 'Cool',
    });
  }
  const done = bring(task('photos', `${ACCOUNT}:${KEY}`), ...keys, 'missing');
  assert.deepEqual([done.code, done.success, done.failure], [1, 3, 1], JSON.stringify(done));
  assert.match(done.failures[0].why, /no such object/);
  for (const key of keys) {
    const got = await copies.get(key);
    assert.equal(got.content.toString(), `bytes of ${key}`);
    assert.equal(got.res.headers['content-type'], 'text/x-me');
    assert.equal(got.res.headers['cache-control'], 'no-store');
    const head = await copies.head(key);
    assert.deepEqual(head.meta, { who: 'me' });
  }
});

test('large objects come in ranges', async () => {
  const container = emulator.client.getContainerClient('large');
  await container.create();
  const body = Buffer.alloc(LARGE);
  for (let at = 0; at < LARGE; at += 4096) body.writeUInt32LE(at, at);
  await container.getBlockBlobClient('video').uploadData(body);
  const done = bring(task('large', `${ACCOUNT}:${KEY}`), 'video');
  assert.deepEqual([done.code, done.success], [0, 1], JSON.stringify(done));
  assert.ok((await copies.get('video')).content.equals(body));
});

test('a wrong key is told when the task is made', () => {
  const wrong = Buffer.from('another key').toString('base64');
  const words = ['--data', server.data, '--json', 'sync', 'create', 'emulator/photos', 'local/copies'];
  const done = spawnSync(process.env.COHONG_BIN, [...words, '--source-key', `${ACCOUNT}:${wrong}`], { encoding: 'utf8' });
  assert.equal(done.status, 1, done.stdout);
  assert.match(JSON.parse(done.stderr).error, /refuses the credentials/);
});
