/** The parts of dynalite 4.0.0 that are reached by deep import. They carry no types of their own. */
declare module 'dynalite/validations/index.js' {
  const validations: {
    checkTypes(data: unknown, types: object): Record<string, unknown>;
    checkValidations(
      data: unknown,
      types: object,
      custom: ((data: unknown, store: unknown) => string | undefined) | null,
      store: unknown,
    ): void;
    validateAttributeValue(value: unknown): string | undefined;
    validateExpressionParams(data: unknown, expressions: string[], others: string[]): string | undefined;
    validateExpressions(data: unknown): string | undefined;
  };
  export default validations;
}
declare module 'dynalite/db/index.js' {
  const db: {
    validateItem(item: unknown, table: unknown): Error | null | undefined;
    validateKey(key: unknown, table: unknown): Error | null | undefined;
    validateUpdates(attributes: undefined, updates: unknown, table: unknown): Error | null | undefined;
    validateKeyPaths(paths: unknown, table: unknown): Error | null | undefined;
    mapPath(path: (string | number)[], item: unknown): unknown;
    mapPaths(paths: (string | number)[][], item: unknown): Record<string, unknown>;
  };
  export default db;
}
declare module 'dynalite/validations/*.js' {
  const operation: {
    types: Record<string, object | string>;
    custom?: (data: unknown, store: unknown) => string | undefined;
  };
  export default operation;
}
declare module 'big.js' {
  export default class Big {
    constructor(value: string | number);
    /** 1 or -1 */
    s: number;
    /** exponent of the first digit */
    e: number;
    /** digits, the first not 0 unless the number is 0 */
    c: number[];
    plus(other: string | Big): Big;
    minus(other: string | Big): Big;
    cmp(other: string | Big): -1 | 0 | 1;
    toFixed(): string;
  }
}
