// The real Bluesky network (PLC, PDS, AppView and what they need) on free loopback ports.
//
// Environment: DB_POSTGRES_URL, DB_POSTGRES_SCHEMA, REDIS_HOST (host:port), READY_FILE.
// Writes its addresses as JSON to READY_FILE once all is up; ends on SIGTERM.
// POST /settle on `control_url` answers when the AppView has read everything the PDS has written.

import { createServer } from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { ADMIN_PASSWORD, TestNetwork } from '@atproto/dev-env';

const LOOPBACK = '127.0.0.1';

// The servers ask for a port on every interface; a test's server belongs on loopback.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number' && typeof args[1] !== 'string') args.splice(1, 0, LOOPBACK);
  else if (args[0] && typeof args[0] === 'object' && 'port' in args[0]) args[0] = { ...args[0], host: LOOPBACK };
  return listen.apply(this, args);
};

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, LOOPBACK, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const appviewPort = await freePort();
const network = await TestNetwork.create({
  pds: { hostname: 'localhost', enableDidDocWithSession: true, rateLimitsEnabled: false },
  bsky: { port: appviewPort, dbPostgresSchema: 'bsky', publicUrl: `http://localhost:${appviewPort}`, maxThreadDepth: 10 },
});

const control = createServer(async (request, response) => {
  try {
    if (request.method === 'POST' && request.url === '/settle') await network.processAll(20_000);
    response.writeHead(200).end();
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((resolve) => control.listen(0, LOOPBACK, resolve));

const stop = async () => {
  control.close();
  // Closing waits for queues of a network that is thrown away anyway: do not let it hold up the run.
  setTimeout(() => process.exit(0), 3_000).unref();
  await network.close().catch(() => {});
  process.exit(0);
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

const ready = {
  pds_url: network.pds.url,
  appview_url: network.bsky.url,
  plc_url: network.plc.url,
  control_url: `http://${LOOPBACK}:${control.address().port}`,
  admin_password: ADMIN_PASSWORD,
};
writeFileSync(`${process.env.READY_FILE}.new`, JSON.stringify(ready));
renameSync(`${process.env.READY_FILE}.new`, process.env.READY_FILE);
