import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB holds it. */
export type Item = Record<string, AttributeValue>;

/** An item that is not what its kind must be: the table was changed by another hand, or by another version. */
export class ItemError extends Error {
  override readonly name = 'ItemError';
  readonly attribute: string;
  constructor(attribute: string, expected: string) {
    super(`attribute ${attribute} is not ${expected}`);
    this.attribute = attribute;
  }
}

/** How one attribute is written and read. `undefined` stands for an attribute that is not there. */
export interface Field<T> {
  write(value: T): AttributeValue | undefined;
  read(value: AttributeValue | undefined, name: string): T;
}

/** Text, at most what the caller let in. */
export const text: Field<string> = {
  write: (value) => ({ S: value }),
  read: (value, name) => {
    if (value?.S === undefined) throw new ItemError(name, 'text');
    return value.S;
  },
};

/** A whole number of any size: amounts in msat, indexes, counts. DynamoDB holds 38 digits exactly. */
export const whole: Field<bigint> = {
  write: (value) => ({ N: value.toString() }),
  read: (value, name) => {
    if (value?.N === undefined || !/^-?\d+$/.test(value.N)) throw new ItemError(name, 'a whole number');
    return BigInt(value.N);
  },
};

/** A whole number small enough for a JavaScript number. */
export const small: Field<number> = {
  write: (value) => ({ N: String(value) }),
  read: (value, name) => {
    const number = Number(value?.N);
    if (!Number.isSafeInteger(number)) throw new ItemError(name, 'a small whole number');
    return number;
  },
};

/** A moment, as ISO 8601 in UTC with milliseconds, so that text order is time order. */
export const moment: Field<Date> = {
  write: (value) => ({ S: value.toISOString() }),
  read: (value, name) => {
    const date = new Date(value?.S ?? '');
    if (Number.isNaN(date.getTime())) throw new ItemError(name, 'a moment in ISO 8601');
    return date;
  },
};

/** True, or not there. */
export const flag: Field<true | undefined> = {
  write: (value) => (value ? { BOOL: true } : undefined),
  read: (value, name) => {
    if (value !== undefined && value.BOOL !== true) throw new ItemError(name, 'true');
    return value && true;
  },
};

export const bytes: Field<Uint8Array> = {
  write: (value) => ({ B: value }),
  read: (value, name) => {
    if (value?.B === undefined) throw new ItemError(name, 'bytes');
    return value.B;
  },
};

/** One of a few words. */
export const oneOf = <const W extends string>(...words: W[]): Field<W> => ({
  write: (value) => ({ S: value }),
  read: (value, name) => {
    const word = words.find((each) => each === value?.S);
    if (word === undefined) throw new ItemError(name, `one of ${words.join(', ')}`);
    return word;
  },
});

/** A field that may be missing. */
export const optional = <T>(field: Field<T>): Field<T | undefined> => ({
  write: (value) => (value === undefined ? undefined : field.write(value)),
  read: (value, name) => (value === undefined ? undefined : field.read(value, name)),
});

export const list = <T>(field: Field<T>): Field<T[]> => ({
  write: (values) => ({
    L: values.map((value) => field.write(value)).filter((value) => value !== undefined),
  }),
  read: (value, name) => {
    if (value?.L === undefined) throw new ItemError(name, 'a list');
    return value.L.map((each, at) => field.read(each, `${name}[${at}]`));
  },
});

/** A map from names that are data (an option's id) to values of one kind. */
export const mapOf = <T>(field: Field<T>): Field<Map<string, T>> => ({
  write: (values) => ({
    M: Object.fromEntries(defined([...values].map(([key, value]) => [key, field.write(value)]))),
  }),
  read: (value, name) => {
    if (value?.M === undefined) throw new ItemError(name, 'a map');
    return new Map(Object.entries(value.M).map(([key, each]) => [key, field.read(each, `${name}.${key}`)]));
  },
});

/** How many of each, by name. */
export const counts: Field<Readonly<Record<string, number>>> = {
  write: (value) => mapOf(small).write(new Map(Object.entries(value))),
  read: (value, name) => Object.fromEntries(mapOf(small).read(value, name)),
};

/** What a record of fields holds; a field that may be missing is optional in the type, too. */
export type Of<F> = { [K in keyof F as undefined extends ValueOf<F[K]> ? never : K]: ValueOf<F[K]> } & {
  [K in keyof F as undefined extends ValueOf<F[K]> ? K : never]?: ValueOf<F[K]>;
};
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** A record of named fields: the schema of an item kind (its type is `Of<typeof fields>`) and of maps within it. */
export function record<F extends Record<string, Field<unknown>>>(fields: F) {
  const entries = Object.entries(fields as unknown as Record<string, Field<unknown>>);
  const toItem = (value: Of<F>): Item =>
    Object.fromEntries(
      defined(entries.map(([name, field]) => [name, field.write(value[name as keyof Of<F>])])),
    );
  const fromItem = (item: Item): Of<F> =>
    Object.fromEntries(
      entries
        .map(([name, field]) => [name, field.read(item[name], name)])
        .filter(([, value]) => value !== undefined),
    ) as Of<F>;
  const field: Field<Of<F>> = {
    write: (value) => ({ M: toItem(value) }),
    read: (value, name) => {
      if (value?.M === undefined) throw new ItemError(name, 'a map');
      return fromItem(value.M);
    },
  };
  return { fields, toItem, fromItem, field };
}

function defined(entries: [string, AttributeValue | undefined][]): [string, AttributeValue][] {
  return entries.filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined);
}
