/**
 * An amount of msat in satoshi, with up to three decimals and none that are 0: "12345678" is "12,345.678".
 * @param msat decimal digits
 */
export function writtenSat(msat: string, thousands: string, point: string): string {
  const digits = msat.padStart(4, '0');
  const rest = digits.slice(-3).replace(/0+$/, '');
  return digits.slice(0, -3).replace(/\B(?=(\d{3})+$)/g, thousands) + (rest && point + rest);
}
