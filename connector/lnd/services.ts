import { createRequire } from 'node:module';
import {
  type ChannelCredentials,
  type ClientOptions,
  credentials as channelCredentials,
  Metadata,
} from '@grpc/grpc-js';

/** What the connector needs to reach lnd: `socket` as host:port, certificate and macaroon as read from their files. */
export interface LndCredentials {
  readonly socket: string;
  readonly cert: Uint8Array;
  readonly macaroon: Uint8Array;
}

/** A client of one of lnd's services: a method for each call, in lower camel case. */
export type Service = { close(): void } & Record<string, any>;
type ServiceClass = new (socket: string, credentials: ChannelCredentials, options: ClientOptions) => Service;

/** By ln-service's names for the services, as `default`, `invoices`, `router`. */
export type ServiceClasses = Readonly<Record<string, ServiceClass>>;

// ln-service brings no type declarations.
const lnService: {
  authenticatedLndGrpc(auth: { macaroon: string }): { lnd: Record<string, Service> };
  unauthenticatedLndGrpc(auth: object): { lnd: Record<string, Service> };
} = createRequire(import.meta.url)('ln-service');

/**
 * The classes of clients that ln-service made. It reads a dozen of lnd's proto files for each connection, which holds the process
 * for a large part of a second: once is enough.
 */
function classesOf(clients: Record<string, Service>): ServiceClasses {
  for (const client of Object.values(clients)) client.close();
  return Object.fromEntries(
    Object.entries(clients).map(([name, client]) => [name, client.constructor as ServiceClass]),
  );
}

let withMacaroon: ServiceClasses | undefined;
/** Of the services that take a macaroon. */
export function authenticated(): ServiceClasses {
  withMacaroon ??= classesOf(
    lnService.authenticatedLndGrpc({ macaroon: Buffer.of(0).toString('base64') }).lnd,
  );
  return withMacaroon;
}

let withoutMacaroon: ServiceClasses | undefined;
/** Of those that need none: `status` and `unlocker`. */
export function unauthenticated(): ServiceClasses {
  withoutMacaroon ??= classesOf(lnService.unauthenticatedLndGrpc({}).lnd);
  return withoutMacaroon;
}

/** As ln-service's: a message may be of any size, since lnd tells an AMP invoice with all its HTLCs. */
const OPTIONS: ClientOptions = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** Clients of lnd's services on one connection. Nothing is sent before the first call. */
export function openServices(
  { socket, cert, macaroon }: Omit<LndCredentials, 'macaroon'> & Partial<LndCredentials>,
  classes: ServiceClasses = authenticated(),
): Record<string, Service> {
  const tls = channelCredentials.createSsl(Buffer.from(cert));
  const credentials = macaroon?.length
    ? channelCredentials.combineChannelCredentials(tls, macaroonOf(macaroon))
    : tls;
  return Object.fromEntries(
    Object.entries(classes).map(([name, Class]) => [name, new Class(socket, credentials, OPTIONS)]),
  );
}

const macaroonOf = (macaroon: Uint8Array) =>
  channelCredentials.createFromMetadataGenerator((_, tell) => {
    const metadata = new Metadata();
    metadata.add('macaroon', Buffer.from(macaroon).toString('hex'));
    tell(null, metadata);
  });
