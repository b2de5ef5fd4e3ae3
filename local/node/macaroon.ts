import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Random } from '../../shared/amp/index.ts';
import {
  decodeMacaroonId,
  encodeMacaroonId,
  type MacaroonId,
  MacaroonIdError,
  type Op,
} from './macaroon-id.ts';

interface Macaroon {
  identifier: Uint8Array;
  verify(rootKey: Uint8Array, check: (condition: string) => string | null, discharges?: Macaroon[]): void;
  exportBinary(): Uint8Array;
}
interface MacaroonLibrary {
  newMacaroon(parameters: {
    version: 2;
    identifier: Uint8Array;
    location: string;
    rootKey: Uint8Array;
  }): Macaroon;
  importMacaroon(bytes: Uint8Array): Macaroon;
}

const { newMacaroon, importMacaroon } = createRequire(import.meta.url)('macaroon') as MacaroonLibrary;

/** The entity whose actions are single calls, as `/lnrpc.Lightning/AddInvoice`. */
export const URI_ENTITY = 'uri';

/** The key that lnd makes macaroons with unless told. */
const FIRST_KEY = '0';

const ENTITIES = [
  'onchain',
  'offchain',
  'address',
  'message',
  'peers',
  'info',
  'invoices',
  'signer',
  'macaroon',
  URI_ENTITY,
];
const ACTIONS = ['read', 'write', 'generate'];

/** Everything an admin macaroon allows. */
export const ADMIN_OPS: Op[] = [
  { entity: 'address', actions: ['read', 'write'] },
  { entity: 'info', actions: ['read', 'write'] },
  { entity: 'invoices', actions: ['read', 'write'] },
  { entity: 'macaroon', actions: ['generate', 'read', 'write'] },
  { entity: 'message', actions: ['read', 'write'] },
  { entity: 'offchain', actions: ['read', 'write'] },
  { entity: 'onchain', actions: ['read', 'write'] },
  { entity: 'peers', actions: ['read', 'write'] },
  { entity: 'signer', actions: ['generate', 'read'] },
];

/** What a call needs: one entity and action, or nothing at all. */
export interface Permission {
  entity: string;
  action: string;
}

/** A macaroon that doesn't allow the call, or a request for one that can't be made; the message is worded as lnd words it. */
export class MacaroonError extends Error {
  override readonly name = 'MacaroonError';
}

const HELP = `supported actions are [${ACTIONS.join(' ')}], supported entities are [${ENTITIES.join(' ')}]`;

/** Sort permissions and put those of one entity together, as lnd's bakery writes them. */
const canonical = (permissions: readonly Permission[]): Op[] => {
  const byEntity = new Map<string, Set<string>>();
  for (const { entity, action } of permissions) {
    byEntity.set(entity, (byEntity.get(entity) ?? new Set()).add(action));
  }
  return [...byEntity]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([entity, actions]) => ({ entity, actions: [...actions].sort() }));
};

/** Makes and checks the macaroons of one node. */
export class Bakery {
  readonly #rootKey: Uint8Array;
  readonly #random: Random;
  readonly #clock: () => number;
  readonly #calls: ReadonlyMap<string, readonly Permission[]>;
  // Macaroons without caveats that were found good: HMAC in JavaScript for each call would cost more than the call.
  readonly #good = new Map<string, ReadonlySet<string>>();

  /**
   * @param rootKey 32 bytes, that of lnd's root key id 0
   * @param calls every call of the node by its URI, with the permissions it needs
   */
  constructor(
    rootKey: Uint8Array,
    random: Random,
    clock: () => number,
    calls: ReadonlyMap<string, readonly Permission[]>,
  ) {
    this.#rootKey = rootKey;
    this.#random = random;
    this.#clock = clock;
    this.#calls = calls;
  }

  /**
   * Make a macaroon for some permissions; the entity `uri` takes the calls' paths as actions.
   * @param rootKeyId of the key that it is made with, in decimal digits
   * @returns the binary format, version 2
   * @throws MacaroonError for no permissions, or unknown ones
   */
  bake(permissions: readonly Permission[], rootKeyId = FIRST_KEY): Uint8Array {
    if (permissions.length === 0) {
      throw new MacaroonError(
        `permission list cannot be empty. specify at least one action/entity pair. ${HELP}`,
      );
    }
    for (const { entity, action } of permissions) {
      if (!ENTITIES.includes(entity)) throw new MacaroonError(`invalid permission entity. ${HELP}`);
      if (entity === URI_ENTITY && !this.#calls.has(action)) {
        throw new MacaroonError(
          'invalid permission action, must be an existing URI in the format /package.Service/MethodName',
        );
      }
      if (entity !== URI_ENTITY && !ACTIONS.includes(action)) {
        throw new MacaroonError(`invalid permission action. ${HELP}`);
      }
    }
    return this.#make(canonical(permissions), rootKeyId);
  }

  /** Make the macaroon that may do everything. */
  bakeAdmin(): Uint8Array {
    return this.#make(ADMIN_OPS);
  }

  #make(ops: Op[], storageId = FIRST_KEY): Uint8Array {
    const identifier = encodeMacaroonId({ nonce: this.#random(16), storageId, ops });
    const rootKey = this.#keyOf(storageId);
    return newMacaroon({ version: 2, identifier, location: 'lnd', rootKey }).exportBinary();
  }

  /** lnd keeps a key for each id; here each follows from the first. */
  #keyOf(id: string): Uint8Array {
    return id === FIRST_KEY ? this.#rootKey : createHmac('sha256', this.#rootKey).update(id).digest();
  }

  /**
   * Check that a call may be made with the macaroons that came with it, in hex as in gRPC metadata.
   * @throws MacaroonError
   */
  authorize(uri: string, macaroons: readonly unknown[]): void {
    const needed = this.#calls.get(uri) ?? [];
    if (needed.length === 0) return;
    if (macaroons.length !== 1) throw new MacaroonError(`expected 1 macaroon, got ${macaroons.length}`);
    const allowed = this.#allowed(String(macaroons[0]));
    if (allowed.has(`${URI_ENTITY} ${uri}`)) return;
    if (!needed.every(({ entity, action }) => allowed.has(`${entity} ${action}`))) {
      throw new MacaroonError('permission denied');
    }
  }

  #allowed(hex: string): ReadonlySet<string> {
    const known = this.#good.get(hex);
    if (known !== undefined) return known;
    const { macaroon, id } = readMacaroon(hex);
    let caveats = 0;
    try {
      macaroon.verify(this.#keyOf(id.storageId), (condition) => {
        caveats++;
        return this.#caveatFault(condition);
      });
    } catch (error) {
      throw new MacaroonError(`verification failed: ${(error as Error).message}`);
    }
    const allowed = new Set(
      id.ops.flatMap(({ entity, actions }) => actions.map((action) => `${entity} ${action}`)),
    );
    if (caveats === 0 && this.#good.size < 1_000) this.#good.set(hex, allowed);
    return allowed;
  }

  #caveatFault(condition: string): string | null {
    const until = /^time-before (.+)$/.exec(condition)?.[1];
    if (until === undefined) return 'caveat not recognized';
    return this.#clock() < Date.parse(until) ? null : 'macaroon has expired';
  }
}

/** What Go's macaroon library says where the one here says something else. */
const GO_WORDS: Record<string, string> = {
  'Read past end of buffer': 'section extends past end of buffer',
};

const readMacaroon = (hex: string): { macaroon: Macaroon; id: MacaroonId } => {
  if (!/^([0-9a-fA-F]{2})+$/.test(hex)) {
    throw new MacaroonError('encoding/hex: invalid byte');
  }
  try {
    const macaroon = importMacaroon(Buffer.from(hex, 'hex'));
    return { macaroon, id: decodeMacaroonId(macaroon.identifier) };
  } catch (error) {
    if (error instanceof MacaroonIdError) throw new MacaroonError('invalid ID');
    const { message } = error as Error;
    throw new MacaroonError(`unmarshal v2: ${GO_WORDS[message] ?? message}`);
  }
};
