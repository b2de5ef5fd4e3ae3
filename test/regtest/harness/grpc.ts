import { readFileSync } from 'node:fs';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { openServices, type Service, unauthenticated } from '../../../connector/lnd/services.ts';

export type { Service };

type Answer = (error: ServiceError | null, response: never) => void;
type Options = { deadline?: number };

/** A message whose fields are looked at by name alone, as they come. */
export type Fields = Record<string, any>;

/** ln-service's authenticated connection: the raw services of lnd, by the names that ln-service gives them. */
export type Lnd = Record<
  'default' | 'invoices' | 'router' | 'peers' | 'signer' | 'wallet' | 'chain' | 'version',
  Service
>;

/** The services that need no macaroon: the state of the node, and the unlocking of its wallet. */
export type LndStatus = Record<'status' | 'unlocker', Service>;

/** Open a connection to lnd with a certificate and a macaroon, given as the paths of their files. */
export const openLnd = (socket: string, certPath: string, macaroonPath: string): Lnd =>
  openServices({ socket, cert: readFileSync(certPath), macaroon: readFileSync(macaroonPath) }) as Lnd;

/** Open a connection to the services of lnd that need no macaroon. */
export const openLndStatus = (socket: string, certPath: string): LndStatus =>
  openServices({ socket, cert: readFileSync(certPath) }, unauthenticated()) as LndStatus;

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
