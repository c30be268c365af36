import { randomBytes } from 'node:crypto';
import { encodeUser } from '@nats-io/jwt';
import { createUser } from '@nats-io/nkeys';
import { Fault, isJsonObject, type JsonObject } from '#std';
import { openJoinSocket, type BusMessage, type JoinTarget } from './join-socket.js';
import { joinAccountKey } from './join-token.js';
import { NatsKeyPair } from './nats-key-pair.js';

/** A machine cannot join, for a reason that whoever typed the command reads. */
export class JoinRefused extends Fault {
  override readonly name = 'JoinRefused';
  constructor(message: string, options?: ErrorOptions) {
    super(message, false, options);
  }
}

const ANSWER_MS = 15_000;
const AGAIN_MS = 2_000;
const SUBJECT = 'join';
const NO_RESPONDERS = /^NATS\/1\.0 503/;
const FAULT = /^Shiplog-Fault: ?(.*)$/im;

/**
 * The bus as a machine uses it that has a token and nothing else: it proves the token, asks one question after the other, and
 * closes. Which control plane answers is proven by the hash of its CA.
 */
export class JoinClient {
  private readonly inbox = `_INBOX.${randomBytes(12).toString('hex')}`;

  private asked = 0;

  private constructor(
    private readonly socket: Awaited<ReturnType<typeof openJoinSocket>>,
    private readonly where: string,
  ) {}

  /** Rejects with a {@link JoinRefused}. */
  static async connect(target: JoinTarget): Promise<JoinClient> {
    const socket = await openJoinSocket(target);
    const client = new JoinClient(socket, `${target.host}:${target.port}`);
    try {
      await client.authenticate(target);
      return client;
    } catch (cause) {
      socket.close();
      throw cause;
    }
  }

  /** The CA whose hash the token's line names, in PEM. */
  get ca(): string {
    return this.socket.ca;
  }

  /** Asks the control plane, several times if it does not answer: whatever is asked may be asked twice. Rejects with a {@link JoinRefused}, which quotes what it refused. */
  async ask(question: JsonObject): Promise<JsonObject> {
    const text = JSON.stringify(question);
    // A question that came while the control plane's own connection was away is lost, and nobody says so.
    const again = setInterval(() => this.publish(text), AGAIN_MS);
    this.publish(text);
    const first = this.asked;
    const { head, body } = await this.answerAfter(first).finally(() => clearInterval(again));
    if (head.startsWith('-ERR')) throw this.refusedByBus(head);
    const [verb, ...sizes] = head.split(' ');
    if (verb === 'HMSG') throw this.failed(body.subarray(0, Number(sizes.at(-2))).toString());
    const answer: unknown = verb === 'MSG' ? parsed(body) : undefined;
    if (!isJsonObject(answer)) throw new JoinRefused(`What ${this.where} answers is not understood.`);
    return answer;
  }

  close(): void {
    this.socket.close();
  }

  /** Late answers to earlier questions are passed over. */
  private async answerAfter(first: number): Promise<BusMessage> {
    for (;;) {
      const message = await this.socket.next(ANSWER_MS);
      const [verb = '', subject = ''] = message.head.split(' ');
      if (!verb.endsWith('MSG') || Number(subject.split('.').at(-1)) >= first) return message;
    }
  }
  private publish(text: string): void {
    this.socket.send(`PUB ${SUBJECT} ${this.inbox}.${++this.asked} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
  }

  private async authenticate({ token }: JoinTarget): Promise<void> {
    const user = new NatsKeyPair(createUser());
    const permissions = { pub: { allow: [SUBJECT] }, sub: { allow: ['_INBOX.>'] } };
    const jwt = await encodeUser('join', user, joinAccountKey(token), permissions);
    const sig = Buffer.from(user.sign(new TextEncoder().encode(this.socket.nonce))).toString('base64url');
    const connect = {
      ...{ verbose: false, pedantic: false, tls_required: true, lang: 'shiplog', version: '1', protocol: 1 },
      ...{ headers: true, no_responders: true, jwt, sig },
    };
    this.socket.send(`CONNECT ${JSON.stringify(connect)}\r\nSUB ${this.inbox}.* 1\r\nPING\r\n`);
    const { head } = await this.socket.next(ANSWER_MS);
    if (head !== 'PONG') throw this.refusedByBus(head);
  }

  private refusedByBus(head: string): JoinRefused {
    return /authorization|authentication/i.test(head)
      ? new JoinRefused(
          `The control plane at ${this.where} does not know this token: it is wrong, or was removed. Make a new one there with "npx shiplog node token create".`,
        )
      : new JoinRefused(`The control plane at ${this.where} closed the connection: ${head.slice(0, 200)}`);
  }

  private failed(headers: string): JoinRefused {
    if (NO_RESPONDERS.test(headers))
      return new JoinRefused(
        `The control plane at ${this.where} is starting, or its health app is away: try again soon.`,
      );
    return new JoinRefused(decodeURIComponent(FAULT.exec(headers)?.[1]?.trim() ?? 'it answered nothing'));
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
