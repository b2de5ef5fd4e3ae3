import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';

type Answer = (error: ServiceError | null, response: never) => void;
type Options = { deadline?: number };

/** A gRPC service as the proto loader makes it: a method for each call, in camel case. */
export type Service = { close(): void } & Record<string, any>;

/** A message whose fields are looked at by name alone, as they come. */
export type Fields = Record<string, any>;

/** ln-service's authenticated connection: the raw services of lnd, by the names that ln-service gives them. */
export type Lnd = Record<
  'default' | 'invoices' | 'router' | 'peers' | 'signer' | 'wallet' | 'chain' | 'version',
  Service
>;

/** The services that need no macaroon: the state of the node, and the unlocking of its wallet. */
export type LndStatus = Record<'status' | 'unlocker', Service>;

// ln-service brings no type declarations.
const lnService: {
  authenticatedLndGrpc(auth: { cert: string; macaroon: string; socket: string }): { lnd: Lnd };
  unauthenticatedLndGrpc(auth: { cert: string; socket: string }): { lnd: LndStatus };
} = createRequire(import.meta.url)('ln-service');

const base64File = (path: string): string => readFileSync(path).toString('base64');

/** Open a connection to lnd with a certificate and a macaroon, given as the paths of their files. */
export const openLnd = (socket: string, certPath: string, macaroonPath: string): Lnd =>
  lnService.authenticatedLndGrpc({ cert: base64File(certPath), macaroon: base64File(macaroonPath), socket })
    .lnd;

/** Open a connection to the services of lnd that need no macaroon. */
export const openLndStatus = (socket: string, certPath: string): LndStatus =>
  lnService.unauthenticatedLndGrpc({ cert: base64File(certPath), socket }).lnd;

/** Close every service of a connection. */
export function closeLnd(lnd: Lnd | LndStatus): void {
  for (const service of Object.values(lnd)) service.close();
}

/**
 * Make a call with one answer.
 * @param request fields as in lnd's proto files: bytes as Buffer, 64-bit integers as decimal strings
 * @throws ServiceError of grpc-js, with `code` and `details`; code 4 after `seconds`
 */
export function unary<T>(service: Service, method: string, request: object = {}, seconds = 30): Promise<T> {
  return new Promise((resolve, reject) => {
    const options: Options = { deadline: Date.now() + seconds * 1000 };
    const answer: Answer = (error, response) => (error === null ? resolve(response) : reject(error));
    service[method](request, options, answer);
  });
}

/** Make a call whose answers come one after another. */
export const streaming = <T>(
  service: Service,
  method: string,
  request: object = {},
): ClientReadableStream<T> => service[method](request);
