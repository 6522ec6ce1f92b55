import { CachePage, NeverCache, PageCache, VaryOn } from '@locmem/nestjs';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Param,
  ParseFloatPipe,
  ParseIntPipe,
  Put,
  Query,
} from '@nestjs/common';
import { CitiesService } from './cities.service.js';
import { ForTenant } from './tenant.js';
import type { Tenant } from './tenant.js';

/** Browsers and proxies on the way must keep tenants apart, too. */
@VaryOn('X-Tenant')
@Controller()
export class CitiesController {
  constructor(
    private readonly cities: CitiesService,
    private readonly pages: PageCache,
  ) {}

  /** The page is kept besides the result: a hit neither asks the service nor makes JSON. */
  @CachePage('1m')
  @Get('countries')
  countries(@ForTenant() tenant: Tenant) {
    return this.cities.countries(tenant);
  }

  @Get('near')
  near(
    @ForTenant() tenant: Tenant,
    @Query('lat', ParseFloatPipe) lat: number,
    @Query('lon', ParseFloatPipe) lon: number,
  ) {
    return this.cities.near(tenant, lat, lon);
  }

  @Get('cities/:id')
  city(@ForTenant() tenant: Tenant, @Param('id', ParseIntPipe) id: number) {
    return this.cities.city(tenant, id);
  }

  /** A write: the service drops what it knows, the page of the sums is dropped here. */
  @NeverCache()
  @Put('cities/:id')
  async correct(
    @ForTenant() tenant: Tenant,
    @Param('id', ParseIntPipe) id: number,
    @Body() { population }: { population?: unknown },
  ) {
    if (!Number.isSafeInteger(population)) throw new BadRequestException('population: an integer');
    await this.cities.correctPopulation(tenant, id, population as number);
    await this.pages.invalidate({ url: '/countries' });
    return this.cities.city(tenant, id);
  }
}
