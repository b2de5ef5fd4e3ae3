import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * A way to the table that can be shut for some operations: what comes then is held, neither answered nor lost, until it
 * is opened.
 * @param port of the table on 127.0.0.1
 */
export async function openGate(port: number) {
  const shut = new Set<string>();
  const held: { operation: string; go: () => void }[] = [];
  const pass = () => {
    for (const { go } of held.splice(0)) go();
  };
  const server = createServer(async (request, response) => {
    const target = String(request.headers['x-amz-target']);
    const body = await buffer(request);
    const operation = target.split('.')[1]!;
    if (shut.has(operation)) await new Promise<void>((go) => held.push({ operation, go }));
    const headers = { 'x-amz-target': target, 'content-type': String(request.headers['content-type']) };
    const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: (...operations: string[]) => operations.forEach((operation) => void shut.add(operation)),
    /** Let what is held go, and hold what comes after it. */
    pass,
    open() {
      shut.clear();
      pass();
    },
    /** How many calls of an operation are held. */
    holds: (operation: string) => held.filter((each) => each.operation === operation).length,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Gate = Awaited<ReturnType<typeof openGate>>;
