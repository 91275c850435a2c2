'use strict';
// Starts the real binary and a receiver, and makes the vendor's clients; knows nothing of the tests.

const assert = require('node:assert/strict');
const { spawn, execFileSync } = require('node:child_process');
const dns = require('node:dns');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const OSS = require('ali-oss');

// The server listens on 127.0.0.1, which is what `localhost` has to mean.
dns.setDefaultResultOrder('ipv4first');

const BINARY = process.env.COHONG_BIN;
const STOP_MS_MAX = 20000;

class Server {
  static async start() {
    const server = new Server();
    server.data = fs.mkdtempSync(path.join(os.tmpdir(), 'cohong-'));
    server.log = `${server.data}.log`;
    const words = ['serve', '--data', server.data, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--json'];
    const stderr = fs.openSync(server.log, 'w');
    server.process = spawn(BINARY, words, { stdio: ['ignore', 'pipe', stderr] });
    fs.closeSync(stderr);
    server.ended = new Promise((resolve) => server.process.on('exit', (code, signal) => resolve(code ?? signal)));
    const lines = readline.createInterface({ input: server.process.stdout });
    const line = await Promise.race([new Promise((resolve) => lines.once('line', resolve)), server.ended]);
    assert.equal(typeof line, 'string', `the server did not start: ${fs.readFileSync(server.log)}`);
    const ready = JSON.parse(line);
    Object.assign(server, { address: ready.listen, port: Number(ready.listen.split(':')[1]) });
    server.key = { accessKeyId: ready.access_key, accessKeySecret: ready.secret_key };
    return server;
  }

  /** The answer of a command of the binary, from JSON. */
  command(...words) {
    return JSON.parse(execFileSync(BINARY, ['--data', this.data, '--json', ...words]));
  }

  /** A client at the server's address: it sends the vendor's host name with the bucket in it. */
  atAddress(bucket, options) {
    return new OSS({ ...this.key, region: 'oss-cn-hangzhou', endpoint: `http://${this.address}`, bucket, ...options });
  }

  /** A client at `localhost`, with the bucket in the path. */
  atLocalhost(bucket, options) {
    const endpoint = `http://localhost:${this.port}`;
    return new OSS({ ...this.key, region: 'oss-cn-hangzhou', endpoint, sldEnable: true, bucket, ...options });
  }

  async stop() {
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS_MAX);
    const code = await this.ended;
    clearTimeout(late);
    fs.rmSync(this.data, { recursive: true, force: true });
    fs.rmSync(this.log, { force: true });
    assert.equal(code, 0, 'the server ends when it is told to');
  }
}

/** An application's HTTP server: keeps what it was sent, answers what `answer` says. */
class Receiver {
  static async start() {
    const receiver = new Receiver();
    receiver.requests = [];
    receiver.answer = { status: 200, body: '{"Status":"OK"}' };
    receiver.server = http.createServer((request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        receiver.requests.push({ path: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() });
        const { status, body } = receiver.answer;
        response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
        response.end(body);
      });
    });
    await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
    return receiver;
  }

  stop() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** The ways in which the vendor's client is pointed at a server: where, and with which signature. */
const WAYS = [
  { name: 'an address, V1', make: (server, bucket, options) => server.atAddress(bucket, options) },
  { name: 'an address, V4', make: (server, bucket, options) => server.atAddress(bucket, { authorizationV4: true, ...options }) },
  { name: 'localhost, V1', make: (server, bucket, options) => server.atLocalhost(bucket, options) },
  { name: 'localhost, V4', make: (server, bucket, options) => server.atLocalhost(bucket, { authorizationV4: true, ...options }) },
];

/** Checks that a call fails at the server, with every part that an application prints. */
async function fails(call, status, code) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.status, error.code], [status, code], error.stack);
    assert.equal(error.name, `${code}Error`);
    assert.ok(error.message);
    return true;
  });
}

module.exports = { Server, Receiver, WAYS, fails };
