import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../shared/aws/dynamo.ts';
import type { FolderLostError } from './errors.ts';
import { type Listener, listen } from './listen.ts';
import { protocol } from './protocol.ts';
import { type StreamReader, streamReader } from './reader.ts';
import { openStore } from './store.ts';
import { type Swept, sweep } from './sweep.ts';

export { FolderLostError, TableFolderError, TableInUseError } from './errors.ts';
export type { Listener } from './listen.ts';
export type { StreamReader } from './reader.ts';
export type { StreamRecord } from './streams.ts';
export type { Swept } from './sweep.ts';

export type EmbeddedTables = {
  /** For `new DynamoDBClient({ requestHandler, ... })`, or the client of DynamoDB Streams: no socket is opened. */
  requestHandler: NonNullable<DynamoDBClientConfig['requestHandler']> & RequestHandler;
  /** A client of the real SDK on these tables. Requests stay in this process, so they are not signed. */
  client(): DynamoDBClient;
  /** Serves the same tables on 127.0.0.1. Port 0 takes a free one. */
  listen(port: number): Promise<Listener>;
  /** Reads a table's stream for a reader of some name, whose position is kept beside the data. */
  streamReader(table: string, name: string): StreamReader;
  /** Deletes what the TTL attribute says has expired, trims streams after 24 hours, forgets client tokens. */
  sweep(): Promise<Swept>;
  /** Resolves when the data folder was found to be gone, as a commit does. No write succeeds after that. */
  lost: Promise<FolderLostError>;
  /** Lets the running commit end, closes listeners, and lets the next opener in. */
  close(): Promise<void>;
};

type Request = { headers: Record<string, string>; body?: unknown };
type Response = { statusCode: number; headers: Record<string, string>; body: Uint8Array };
type RequestHandler = { handle(request: Request): Promise<{ response: Response }> };

export type EmbeddedTablesOptions = {
  /** folder for the data; made when missing */
  dir: string;
  /** ms since the epoch, as Date.now gives them */
  clock: () => number;
  /** of ARNs; us-east-1 unless told */
  region?: string;
};

// Answers from memory take no turn of the event loop: a caller that reads in a loop would keep all others out.
const LONGEST_TURN_MS = 5;
const HEADERS = { 'content-type': 'application/x-amz-json-1.0' };

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : '');
}

/**
 * Opens DynamoDB tables that live in a folder. A write is on disk before it is answered, and a transaction is seen
 * whole or not at all. One opener at a time; being killed counts as closing.
 *
 * @throws {TableFolderError} the folder can't be made, written or read
 * @throws {TableInUseError} the tables are open elsewhere
 */
export async function openEmbeddedTable(options: EmbeddedTablesOptions): Promise<EmbeddedTables> {
  const { dir, clock, region = 'us-east-1' } = options;
  const store = openStore(dir);
  const answerTo = protocol(store, { region, clock });
  const listeners: Listener[] = [];
  let turnedAt = 0;

  const handler: RequestHandler & { destroy(): void } = {
    async handle({ headers, body }) {
      if (performance.now() - turnedAt > LONGEST_TURN_MS) {
        await new Promise(setImmediate);
        turnedAt = performance.now();
      }
      const answer = await answerTo(headers['x-amz-target'] ?? '', bytesOf(body));
      return { response: { statusCode: answer.status, headers: { ...HEADERS }, body: answer.body } };
    },
    destroy() {},
  };
  const requestHandler = handler as unknown as EmbeddedTables['requestHandler'];

  return {
    requestHandler,
    client: () =>
      dynamoClient({
        region,
        requestHandler,
        endpoint: 'http://embedded.table.invalid',
        credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
        signer: { sign: async (request) => request },
        accountIdEndpointMode: 'disabled',
        endpointDiscoveryEnabled: false,
      }),
    async listen(port) {
      const listener = await listen(port, answerTo);
      listeners.push(listener);
      return listener;
    },
    streamReader: (table, name) => streamReader(store, region, table, name),
    sweep: () => sweep(store, clock),
    lost: store.lost,
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await store.close();
    },
  };
}
