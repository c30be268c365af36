import type { DnsRecord } from '#model';
import type { NameService } from '#ports';
import type { Forwarder } from './forwarder.js';
import { answersOf, passedOn } from './response.js';
import { noRecords, readQuery, toWire, writeRejection, writeReply, type Query, type WireRecord } from './wire.js';

/** An alias may lead to an alias. */
const ALIASES_MAX = 8;

export interface AnswererOptions {
  readonly forwarder: Forwarder;
  readonly answer: NameService['answer'];
  /** Never asked. */
  readonly own: readonly string[];
  readonly onBug?: (cause: unknown) => void;
}

/** Answers one message after the other: of the cluster's own names out of memory, of others by the servers of the host. */
export class Answerer {
  /** Turns the order of equal records, so that clients who take the first one share them. */
  private turn = 0;

  constructor(private readonly options: AnswererOptions) {}

  /**
   * Returns the answer, at once where nobody else has to be asked. `bytesMax` says how long the answer to a query may be.
   * Never throws or rejects; undefined: there is nothing to answer.
   */
  answer(message: Buffer, bytesMax: (query: Query) => number): Buffer | undefined | Promise<Buffer | undefined> {
    const query = readQuery(message);
    if (!query) return undefined;
    if ('rejected' in query) return writeRejection(query);
    const failed = (cause: unknown): Buffer => {
      this.options.onBug?.(cause);
      return failure(query);
    };
    try {
      const answered = this.answerQuery(query, bytesMax(query));
      return answered instanceof Promise ? answered.catch(failed) : answered;
    } catch (cause) {
      return failed(cause);
    }
  }

  private answerQuery(query: Query, bytesMax: number): Buffer | Promise<Buffer> {
    const reply = this.options.answer(query);
    if (reply === 'unknown') return failure(query);
    if (reply === undefined) return this.forwarded(query, bytesMax);
    const { rcode, continuesAt } = reply;
    const parts = {
      answers: this.turned(reply.answers).map(toWire),
      authorities: reply.authorities.map(toWire),
      additionals: reply.additionals.map(toWire),
    };
    if (continuesAt === undefined) return writeReply(query, { rcode, isAuthoritative: true, ...parts }, bytesMax);
    return this.behind(continuesAt, query).then((more) =>
      writeReply(query, { rcode, isAuthoritative: true, ...parts, answers: [...parts.answers, ...more] }, bytesMax),
    );
  }

  private forwarded(query: Query, bytesMax: number): Buffer | Promise<Buffer> {
    const resolved = this.options.forwarder.resolve(query, this.options.own);
    const pass = (found: Awaited<typeof resolved>): Buffer =>
      found ? passedOn(found.response, query, { ageSeconds: found.ageSeconds, bytesMax }) : failure(query);
    return resolved instanceof Promise ? resolved.then(pass) : pass(resolved);
  }

  /** The records behind an alias; none where nobody answers, so that the client has the alias at least. */
  private async behind(target: string, query: Query): Promise<readonly WireRecord[]> {
    const found: WireRecord[] = [];
    for (let name: string | undefined = target, n = 0; name !== undefined && n < ALIASES_MAX; n++) {
      const asked: Query = { ...query, name, question: questionOf(name, query.question) };
      const reply = this.options.answer(asked);
      if (reply === 'unknown') return found;
      if (reply === undefined) {
        const resolved = await this.options.forwarder.resolve(asked, this.options.own);
        return resolved ? [...found, ...answersOf(resolved.response, resolved.ageSeconds)] : found;
      }
      found.push(...this.turned(reply.answers).map(toWire));
      name = reply.continuesAt;
    }
    return found;
  }

  private turned(records: readonly DnsRecord[]): readonly DnsRecord[] {
    if (records.length < 2) return records;
    this.turn = (this.turn + 1) & 0xffff;
    const start = this.turn % records.length;
    return [...records.slice(start), ...records.slice(0, start)];
  }
}

function failure(query: Query): Buffer {
  return writeReply(query, { rcode: 'SERVFAIL', isAuthoritative: false, ...noRecords }, 512);
}
/** A question of the same type about another name. */
function questionOf(name: string, like: Buffer): Buffer {
  const labels = name.split('.').flatMap((label) => {
    const bytes = Buffer.from(label, 'latin1').subarray(0, 63);
    return [Buffer.from([bytes.length]), bytes];
  });
  return Buffer.concat([...labels, Buffer.from([0]), like.subarray(-4)]);
}
