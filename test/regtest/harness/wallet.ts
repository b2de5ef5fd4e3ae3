import { closeLnd, type LndStatus, openLndStatus, unary } from './grpc.ts';
import { awaitState, type LndCoords } from './lnd.ts';

const PASSWORD = Buffer.from('regtest wallet');

async function withUnlocker(coords: LndCoords, act: (lnd: LndStatus) => Promise<unknown>): Promise<void> {
  const lnd = openLndStatus(coords.socket, coords.certPath);
  try {
    await act(lnd);
  } finally {
    closeLnd(lnd);
  }
}

/** Make the wallet of a node that was started with `locked`, and wait until the node takes all calls. */
export async function createWallet(coords: LndCoords): Promise<void> {
  await awaitState(coords, 'NON_EXISTING');
  await withUnlocker(coords, async ({ unlocker }) => {
    const { cipher_seed_mnemonic } = await unary<{ cipher_seed_mnemonic: string[] }>(unlocker, 'genSeed');
    await unary(unlocker, 'initWallet', { wallet_password: PASSWORD, cipher_seed_mnemonic });
  });
  await awaitState(coords, 'SERVER_ACTIVE');
}

/** Unlock the wallet of a node that was started again, and wait until the node takes all calls. */
export async function unlockWallet(coords: LndCoords): Promise<void> {
  await awaitState(coords, 'LOCKED');
  await withUnlocker(coords, ({ unlocker }) =>
    unary(unlocker, 'unlockWallet', { wallet_password: PASSWORD }),
  );
  await awaitState(coords, 'SERVER_ACTIVE');
}
