import { InvalidOptionError } from '@locmem/core';
import { Injectable } from '@nestjs/common';
import type { AppOptions } from './locmem.options.js';
import type { AddressRules } from './requests/request-address.js';
import { wantRequests } from './requests/request-scope.js';

const NAMES = ['keyPrefix', 'version', 'pages', 'front'] as const;

/** What holds for the whole application, whichever registration of the module has said it. */
@Injectable()
export class AppSettings {
  #options: AppOptions = {};

  /** @throws {InvalidOptionError} when another registration has said something else already */
  adopt(options: AppOptions): void {
    for (const name of NAMES) {
      const value = options[name];
      if (value === undefined) continue;
      if (this.#options[name] !== undefined) {
        const rule = 'holds for the whole application, and another registration has set it already';
        throw new InvalidOptionError('LocMemModule', name, rule, value);
      }
      this.#options = { ...this.#options, [name]: value };
    }
    if (this.address !== undefined) wantRequests();
  }

  get address(): AddressRules | undefined {
    const { keyPrefix, version } = this.#options;
    return keyPrefix === undefined && version === undefined ? undefined : { keyPrefix, version };
  }

  get pages(): AppOptions['pages'] {
    return this.#options.pages;
  }

  get front(): boolean {
    return this.#options.front ?? false;
  }
}
