import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

type Entry = { Id: string; MessageBody: string };

/** Takes what is sent to queues, answered as SQS does in its JSON protocol, with the digests that its client checks. */
export async function openQueues() {
  const sent: { queue: string; body: string }[] = [];
  const take = (queue: string, body: string) => {
    sent.push({ queue, body });
    return { MessageId: String(sent.length), MD5OfMessageBody: md5(body) };
  };
  const server = createServer(async (request, response) => {
    const { QueueUrl, MessageBody, Entries } = (await json(request)) as {
      QueueUrl: string;
      MessageBody?: string;
      Entries?: Entry[];
    };
    const queue = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
    const answer =
      MessageBody === undefined
        ? {
            Successful: (Entries ?? []).map(({ Id, MessageBody }) => ({ Id, ...take(queue, MessageBody) })),
            Failed: [],
          }
        : take(queue, MessageBody);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bodies = (queue: string) => sent.filter((each) => each.queue === queue).map(({ body }) => body);
  return {
    endpoint,
    url: (queue: string) => `${endpoint}/000000000000/${queue}`,
    /** What was sent to a queue, in order. */
    bodies,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Queues = Awaited<ReturnType<typeof openQueues>>;
