import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';
import { MemoryBusHub, SystemClock } from '#adapters';
import { RequestFailed } from '#ports';
import { Fault } from '#std';
import { decodeJson, encodeJson } from './json-bytes.js';
import { BusServer } from './bus-server.js';
import { FaultFilter, PayloadPipe } from './payload-pipe.js';

class Greeting {
  @IsString() readonly name!: string;
  @IsInt() readonly times!: number;
}

class Greetings {
  static readonly lists = { greetings: Greeting };
  @IsArray() @ValidateNested({ each: true }) readonly greetings!: readonly Greeting[];
}

const beats: string[] = [];

@Controller()
class GreetingController {
  @MessagePattern('greet.*')
  greet(@Payload() greeting: Greeting, @Ctx() context: NatsContext): Promise<object> {
    if (greeting.name === 'nobody') throw new Fault('there is nobody to greet', false);
    return Promise.resolve({ text: `${context.getSubject()}: ${greeting.name} `.repeat(greeting.times) });
  }

  @MessagePattern('greet-all.*')
  greetAll(@Payload() { greetings }: Greetings): Promise<object> {
    return Promise.resolve(greetings.map(({ name }) => name));
  }

  @EventPattern<string>('beat.*')
  beat(@Payload() beat: object, @Ctx() context: NatsContext): void {
    beats.push(`${context.getSubject()} ${JSON.stringify(beat)}`);
  }
}

@Module({ controllers: [GreetingController] })
class GreetingModule {}

describe("Nest's transport over the bus port", () => {
  const hub = new MemoryBusHub(new SystemClock());
  const bus = hub.connect('asker');
  let app: INestMicroservice;
  beforeAll(async () => {
    const strategy = new BusServer(hub.connect('server'));
    app = await NestFactory.createMicroservice(GreetingModule, { strategy, logger: false });
    app.useGlobalPipes(new PayloadPipe());
    app.useGlobalFilters(new FaultFilter());
    await app.listen();
  });
  afterAll(() => app.close());

  const ask = async (payload: unknown, subject = 'greet.here'): Promise<unknown> =>
    decodeJson(await bus.request(subject, encodeJson(payload), 1_000));

  it('answers plain JSON with plain JSON, and knows the subject', async () => {
    expect(await ask({ name: 'world', times: 2 })).toEqual({ text: 'greet.here: world greet.here: world ' });
  });

  it('refuses a payload that is not what its class says', async () => {
    const refused = await ask({ name: 7, times: 'x' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RequestFailed);
    expect(String(refused)).toMatch(/not valid: name must be a string; times must be an integer/);
    await expect(ask('no object')).rejects.toThrow('the payload is no object');
  });

  it('checks the items of a list of payloads too', async () => {
    const world = { name: 'world', times: 2 };
    expect(await ask({ greetings: [world, world] }, 'greet-all.here')).toEqual(['world', 'world']);
    const wrong: [unknown, RegExp][] = [
      [{ greetings: [world, { name: 7, times: 1 }] }, /not valid: name must be a string/],
      [
        { greetings: [world, 'x'] },
        /not valid: each value in nested property greetings must be either object or array/,
      ],
      [{ greetings: [null] }, /not valid: each value in nested property greetings/],
      [{ greetings: { 0: world } }, /not valid: greetings must be an array/],
      [{}, /not valid: .*greetings must be an array/],
    ];
    for (const [payload, message] of wrong) await expect(ask(payload, 'greet-all.here')).rejects.toThrow(message);
  });

  it("tells the asker a handler's own words", async () => {
    await expect(ask({ name: 'nobody', times: 1 })).rejects.toThrow('there is nobody to greet');
  });

  it('hears events without answering', async () => {
    bus.publish('beat.n1', encodeJson({ sequence: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(beats).toEqual(['beat.n1 {"sequence":1}']);
  });
});
