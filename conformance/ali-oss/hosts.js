'use strict';
// Loaded before the tests: the vendor's hosts are the server under test, and nothing leaves the machine.

const net = require('net');

const PORTS = { 80: process.env.LOOPBACK_HTTP, 443: process.env.LOOPBACK_HTTPS };
const HERE = ['localhost', '127.0.0.1', '::1', undefined];

const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options && typeof options === 'object' && !options.path && !HERE.includes(options.host)) {
    const port = /(^|\.)aliyuncs\.com$/.test(options.host) && PORTS[options.port];
    // Port 1 refuses at once, as a machine without a network would.
    Object.assign(options, { host: '127.0.0.1', port: Number(port || 1), lookup: undefined });
  }
  return connect.apply(this, args);
};
