/** The data folder can't hold the data: it can't be made, written, locked or opened. */
export class TableFolderError extends Error {
  override name = 'TableFolderError';
  readonly dir: string;
  constructor(dir: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `data folder ${dir} can't hold the data: ${reason}; give a folder that this user may write, of its own`,
      {
        cause,
      },
    );
    this.dir = dir;
  }
}

/** The data folder is no more: it, or a database in it, was deleted, moved or replaced while it was open. */
export class FolderLostError extends Error {
  override name = 'FolderLostError';
  readonly dir: string;
  constructor(dir: string, file: string) {
    super(
      `data folder ${dir} was taken away: ${file} is not the file that was opened; nothing can be kept any more`,
    );
    this.dir = dir;
  }
}

/** The disk took no more: it is full, or may not be written any longer. */
export class FolderWriteError extends Error {
  override name = 'FolderWriteError';
  readonly dir: string;
  constructor(dir: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`data folder ${dir} can't be written: ${reason}; is the disk full?`, { cause });
    this.dir = dir;
  }
}

/** Another process, or another opener in this one, has the data folder. */
export class TableInUseError extends Error {
  override name = 'TableInUseError';
  readonly dir: string;
  readonly pid: number;
  constructor(dir: string, pid: number) {
    super(`data folder ${dir} is in use by process ${pid}; stop that one first, or give another folder`);
    this.dir = dir;
    this.pid = pid;
  }
}

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810#';
const VALIDATE = 'com.amazon.coral.validate#';
const SERVICE = 'com.amazon.coral.service#';

/** An answer of the service other than success: what goes into the response body, `__type` included. */
export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(type: string, message: string, fields: Record<string, unknown> = {}, status = 400) {
    super(message);
    this.status = status;
    this.body = { __type: type, message, ...fields };
  }
}

/** One of the errors that DynamoDB names in its API model. */
export const dynamoError = (name: string, message: string, fields?: Record<string, unknown>) =>
  new ServiceError(`${DYNAMODB}${name}`, message, fields);

export const validationError = (message: string) =>
  new ServiceError(`${VALIDATE}ValidationException`, message);

export const unknownOperation = (target: string) =>
  new ServiceError(
    `${SERVICE}UnknownOperationException`,
    `operation ${target} is not part of the embedded table`,
  );

export const serializationError = (message: string) =>
  new ServiceError(`${SERVICE}SerializationException`, message);

/** A fault of the table itself; the SDK asks again. Whether the write took place is not known. */
export const internalError = (cause: unknown) =>
  new ServiceError(
    `${DYNAMODB}InternalServerError`,
    `the table could not commit: ${cause instanceof Error ? cause.message : String(cause)}`,
    {},
    500,
  );

/** Throws what a dynalite validator found wrong, in this module's own class. */
export function throwIfInvalid(found: unknown): void {
  if (found == null) return;
  const body = (found as { body?: Record<string, unknown> }).body;
  if (!body) throw found;
  throw new ServiceError(String(body.__type), String(body.message ?? body.Message ?? ''));
}
