import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// The copy of lnd's own proto files that ln-service speaks; `lightning` is its dependency.
const require = createRequire(createRequire(import.meta.url).resolve('ln-service'));
const PROTOS = join(dirname(require.resolve('lightning')), 'grpc', 'protos');

const FILES = ['lightning.proto', 'stateservice.proto', 'invoices.proto', 'router.proto'];

const load = (): Record<'lightning' | 'state' | 'invoices' | 'router', ServiceDefinition> => {
  const definition = loadSync(FILES, {
    includeDirs: [PROTOS],
    defaults: true,
    enums: String,
    keepCase: true,
    longs: String,
    oneofs: true,
  });
  const packages = loadPackageDefinition(definition) as Record<string, GrpcObject>;
  const service = (name: string, of: string): ServiceDefinition =>
    (packages[name]![of] as ServiceClientConstructor).service;
  return {
    lightning: service('lnrpc', 'Lightning'),
    state: service('lnrpc', 'State'),
    invoices: service('invoicesrpc', 'Invoices'),
    router: service('routerrpc', 'Router'),
  };
};

let loaded: ReturnType<typeof load> | undefined;

/** lnd's services that the development node serves, as ln-service's loader options make them. Read once, at the first need. */
export const services = (): ReturnType<typeof load> => {
  loaded ??= load();
  return loaded;
};
