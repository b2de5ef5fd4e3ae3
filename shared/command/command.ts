/** A flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** What its value is called in help; the name of a file or folder (FILE, DIR) is completed as one. */
  readonly value?: string;
  readonly about: string;
  readonly needed?: true;
  readonly multiple?: true;
  readonly oneOf?: readonly string[];
}
export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends { type: 'boolean' }
  ? boolean
  : F extends { multiple: true }
    ? string[]
    : string;

/** The flags of a command line: those that are needed are there. */
export type Values<F extends Flags> = {
  readonly [N in keyof F as F[N] extends { needed: true } ? N : never]: ValueOf<F[N]>;
} & { readonly [N in keyof F as F[N] extends { needed: true } ? never : N]?: ValueOf<F[N]> | undefined };

/** What a command is asked: its words, and its flags. */
export interface Asked<F extends Flags> {
  readonly words: readonly string[];
  readonly values: Values<F>;
}

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What a command is given. */
export interface Parts {
  readonly env: Env;
  /** Columns of the terminal; undefined when there is none. */
  readonly width: number | undefined;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  /** Ends early when the signal aborts, which is no error. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Aborts when the process is told to stop. One that never asks for it is stopped by the system, at once. */
  readonly signal: AbortSignal;
}

/** What a command tells: a document for programs, lines for people, what people should know beside, an exit code. */
export interface Outcome {
  readonly body?: unknown;
  readonly text?: string;
  readonly note?: string | undefined;
  readonly code?: number;
}

/** A command, with all that help and completion say of it. */
export interface Command {
  /** One to three words: a group, one within it, what is done. */
  readonly name: string;
  /** The words after it; those in brackets can be left out. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly summary: string;
  readonly more?: string;
  /** Command lines without the leading `ampjar`. */
  readonly examples: readonly string[];
  readonly run: (
    asked: {
      readonly words: readonly string[];
      readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
    },
    parts: Parts,
  ) => Promise<Outcome>;
}

/** What a command is defined by, typed by its flags. */
export type Definition<F extends Flags, P = Parts> = Omit<Command, 'flags' | 'run'> & {
  readonly flags: F;
  readonly run: (asked: Asked<F>, parts: P) => Promise<Outcome>;
};

/**
 * Define a command; what it runs with is typed by its flags. Commands are defined without what they work with, which `run`
 * imports, so that help and completion start at once.
 */
export const command = <const F extends Flags>(definition: Definition<F>): Command =>
  definition as unknown as Command;

/** The flag of commands that print a document for programs when asked. */
export const JSON_FLAG = { json: { type: 'boolean', about: 'print JSON' } } as const satisfies Flags;
