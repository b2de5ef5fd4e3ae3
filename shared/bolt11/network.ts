/** The Bitcoin networks that an invoice can be for, by the names that lnd has for them. */
export type Network = 'mainnet' | 'testnet' | 'signet' | 'regtest' | 'simnet';

/** What bolt11 needs to know of a network; it knows all but signet by itself, so all are given, to be alike. */
interface Coin {
  bech32: string;
  pubKeyHash: number;
  scriptHash: number;
  validWitnessVersions: number[];
}

const coin = (bech32: string, pubKeyHash: number, scriptHash: number): Coin => ({
  bech32,
  pubKeyHash,
  scriptHash,
  validWitnessVersions: [0, 1],
});

/** BOLT 11 prefixes: `ln` and these. */
export const COINS: Record<Network, Coin> = {
  mainnet: coin('bc', 0x00, 0x05),
  testnet: coin('tb', 0x6f, 0xc4),
  signet: coin('tbs', 0x6f, 0xc4),
  regtest: coin('bcrt', 0x6f, 0xc4),
  simnet: coin('sb', 0x3f, 0x7b),
};

/** The network of a BOLT 11 prefix without its `ln`, as `bcrt`; undefined when it is none of ours. */
export const networkOf = (prefix: string): Network | undefined =>
  (Object.keys(COINS) as Network[]).find((network) => COINS[network].bech32 === prefix);
