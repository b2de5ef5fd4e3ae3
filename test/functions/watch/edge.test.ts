import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { edgeFailures } from '../../../functions/watch/edge.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const STATUS: Record<string, number> = {
  '/@nobody--here/overlay': 404,
  '/.well-known/lnurlp/nobody--here': 200,
  '/widget.js': 200,
};

test('none fails where a reader, a wallet and a widget are answered', async () => {
  expect(await edgeFailures(await serve(({ url }, answer) => answer.writeHead(STATUS[url!]!).end('x')))).toBe(
    0,
  );
});

test.each([403, 429, 502, 503])('each address fails that is answered %d', async (status) => {
  expect(await edgeFailures(await serve((_, answer) => answer.writeHead(status).end()))).toBe(3);
  const wallets = await serve(({ url }, answer) =>
    answer.writeHead(url!.includes('lnurlp') ? status : STATUS[url!]!).end(),
  );
  expect(await edgeFailures(wallets)).toBe(1);
});

test('all fail where an edge leads elsewhere, is not there, or says nothing', async () => {
  const elsewhere = await serve((_, answer) => answer.writeHead(302, { location: '/login' }).end());
  expect(await edgeFailures(elsewhere)).toBe(3);
  expect(await edgeFailures('http://127.0.0.1:9')).toBe(3);
  const silent = await serve(() => {});
  expect(await edgeFailures(silent, { patienceMs: 50 })).toBe(3);
});
