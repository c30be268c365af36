import { Catch, Injectable, type ArgumentMetadata, type ExceptionFilter, type PipeTransform } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { throwError, type Observable } from 'rxjs';
import { Fault } from '#std';
import { Validator } from './validation.js';

const VALIDATOR = new Validator();

/** A message that is not what its subject promises. Sending it again would not help. */
export class BadPayload extends Fault {
  override readonly name = 'BadPayload';
}

/**
 * Checks a payload against its class, and the items of its `lists` against theirs: what lies deeper is an object of the API and
 * has its own schema. Unlike Nest's own pipe it copies nothing, since payloads may hold whole clusters.
 */
@Injectable()
export class PayloadPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || metatype === undefined || metatype === Object) return value;
    if (typeof value !== 'object' || value === null) throw new BadPayload('the payload is no object', false);
    const payload = payloadOf(metatype as PayloadClass, value);
    const problems = await VALIDATOR.validate(payload, { forbidUnknownValues: false });
    if (problems.length === 0) return payload;
    const sentences = problems.flatMap(sentencesOf);
    throw new BadPayload(`the payload is not valid: ${sentences.join('; ')}`, false);
  }
}

interface PayloadClass {
  new (): object;
  /** Classes of the items of lists. */
  readonly lists?: Readonly<Record<string, PayloadClass>>;
}

function payloadOf(payloadClass: PayloadClass, value: object): object {
  const payload = Object.assign(new payloadClass(), value) as Record<string, unknown>;
  for (const [name, itemClass] of Object.entries(payloadClass.lists ?? {})) {
    const items = payload[name];
    // What is no object stays as it is and is found by the check.
    if (Array.isArray(items))
      payload[name] = items.map((item: unknown) =>
        typeof item === 'object' && item ? payloadOf(itemClass, item) : item,
      );
  }
  return payload;
}

function sentencesOf({ constraints = {}, children = [] }: ValidationError): readonly string[] {
  return [...Object.values(constraints), ...children.flatMap(sentencesOf)];
}

/** Hands a handler's error to the asker as it is; Nest would answer "Internal server error" and keep the reason. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
