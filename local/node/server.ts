import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Bakery, MacaroonError } from './macaroon.ts';
import { services } from './protos.ts';
import { RpcError } from './rpc-error.ts';

// What the loader makes of a request depends on the proto file; each call reads the fields that it knows.
export type Request = Record<string, any>;
export type Unary = (request: Request) => object | Promise<object>;
export type Streaming = (stream: ServerWritableStream<Request, object>) => Promise<void>;

/** The calls of one service, by name, as `GetInfo`. */
export interface Calls {
  unary?: Record<string, Unary>;
  streaming?: Record<string, Streaming>;
}

/** lnd answers with UNKNOWN and Go's error text, unless it says otherwise. */
const toStatus = (error: unknown): { code: status; details: string } => {
  if (error instanceof RpcError) return { code: error.code, details: error.message };
  return { code: status.UNKNOWN, details: (error as Error).message };
};

const implement = (
  service: ServiceDefinition,
  bakery: Bakery,
  calls: Calls,
): UntypedServiceImplementation => {
  const authorize = (name: string, metadata: { get(key: string): unknown[] }): void => {
    try {
      bakery.authorize(service[name]!.path, metadata.get('macaroon'));
    } catch (error) {
      if (error instanceof MacaroonError) throw new RpcError(error.message);
      throw error;
    }
  };
  const implementation: UntypedServiceImplementation = {};
  for (const [name, answer] of Object.entries(calls.unary ?? {})) {
    implementation[name] = (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => {
      const answered = (async () => {
        authorize(name, call.metadata);
        return answer(call.request);
      })();
      answered.then(
        (value) => callback(null, value),
        (error) => callback(toStatus(error)),
      );
    };
  }
  for (const [name, serve] of Object.entries(calls.streaming ?? {})) {
    implementation[name] = (stream: ServerWritableStream<Request, object>) => {
      const served = (async () => {
        authorize(name, stream.metadata);
        await serve(stream);
      })();
      served.then(
        () => stream.end(),
        (error) => stream.emit('error', toStatus(error)),
      );
    };
  }
  return implementation;
};

/** A gRPC server that is listening. */
export interface RunningServer {
  port: number;
  /** Ends open calls at once, as lnd's death does. */
  stop(): void;
}

/** The port is in use, or can't be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly port: number;
  constructor(port: number, cause: Error) {
    super(`port ${port} of 127.0.0.1 can't be listened on: ${cause.message}`, { cause });
    this.port = port;
  }
}

/**
 * Serve calls over TLS, on the loopback address alone.
 * @param port 0 for a free one
 * @throws ListenError
 */
export async function serve(
  { cert, key, port }: { cert: string; key: string; port: number },
  bakery: Bakery,
  calls: Partial<Record<keyof ReturnType<typeof services>, Calls>>,
): Promise<RunningServer> {
  const server = new Server({ 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 });
  for (const [name, of] of Object.entries(calls)) {
    const service = services()[name as keyof typeof calls];
    server.addService(service, implement(service, bakery, of));
  }
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const credentials = ServerCredentials.createSsl(null, [pair], false);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, boundPort) =>
      error ? reject(new ListenError(port, error)) : resolve(boundPort),
    );
  });
  return { port: bound, stop: () => server.forceShutdown() };
}
