/**
 * Applications in which nobody asks which request it is in are spared the scopes of requests. In a file
 * of its own: a single `@RequestMemo` anywhere in the process opens them.
 */
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { CachePage, LocMemModule, RequestMemo } from '../src/index.js';
import { AppSettings } from '../src/app-settings.js';
import { currentRequest } from '../src/requests/request-scope.js';
import { PLATFORMS, serve } from './harness.js';

const seen: boolean[] = [];

@Injectable()
class Watching implements CanActivate {
  canActivate(): boolean {
    seen.push(currentRequest() !== undefined);
    return true;
  }
}

/** What a module that is loaded lazily brings along. */
interface Users {
  runs: number;
  current(): number;
}
let users: Users | undefined;

@UseGuards(Watching)
@Controller()
class Scopes {
  @Get('scope')
  scope() {
    return { hasScope: currentRequest() !== undefined };
  }
  @CachePage('1m')
  @Get('page')
  page() {
    return { hasScope: currentRequest() !== undefined };
  }
  @Get('users')
  users() {
    return { runs: [users?.current(), users?.current()] };
  }
}

function loadLazily(): Users {
  class Lazy {
    runs = 0;
    @RequestMemo()
    current(): number {
      return ++this.runs;
    }
  }
  return new Lazy();
}

describe('the scope of a request', () => {
  it('is not opened where nobody asks for it; and computes once for who is loaded later', async () => {
    const clients = [];
    for (const platform of PLATFORMS) {
      const { ask } = await serve(platform, {
        imports: [LocMemModule.register()],
        controllers: [Scopes],
      });
      expect((await ask('/scope')).text).toBe('{"hasScope":false}');
      expect((await ask('/page')).text).toBe('{"hasScope":false}');
      expect((await ask('/page')).isHit).toBe(true);
      clients.push(ask);
    }
    expect(seen).not.toContain(true);

    users = loadLazily();
    for (const ask of clients) {
      users.runs = 0;
      expect((await ask('/users')).text).toBe('{"runs":[1,1]}');
      expect((await ask('/users')).text).toBe('{"runs":[2,2]}');
      expect((await ask('/scope')).text).toBe('{"hasScope":true}');
    }
  });

  it.each(PLATFORMS)('is not too late for a prefix: that is refused, on %s', async (platform) => {
    const { app } = await serve(platform, { imports: [LocMemModule.register()] });
    const settings = app.get(AppSettings);
    // What a module that is loaded lazily would do; guards would find one tenant's things for another.
    for (const late of [{ keyPrefix: 'acme' }, { version: 2 }]) {
      expect(() => {
        settings.adopt(late);
      }).toThrow('must be set before the application is set up');
    }
    expect(settings.address).toBeUndefined();
  });

  it.each(PLATFORMS)('nor for one of a module that is loaded lazily, on %s', async (platform) => {
    const { app } = await serve(platform, { imports: [LocMemModule.register()] });
    for (const late of [{ keyPrefix: 'acme' }, { version: 2 }]) {
      @Module({ imports: [LocMemModule.register(late)] })
      class Lazy {}
      await expect(app.get(LazyModuleLoader).load(() => Lazy)).rejects.toThrow(
        'must be set before the application is set up',
      );
    }
    @Module({ imports: [LocMemModule.register({ caches: { lazy: {} } })] })
    class Harmless {}
    await app.get(LazyModuleLoader).load(() => Harmless);
  });
});
