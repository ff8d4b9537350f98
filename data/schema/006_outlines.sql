-- What map files bring besides points: a building's own footprint, and the outlines that communities and towns claim.
-- EPSG:4326, lon first; null where no file gave one.
alter table building add column footprint_wkb blob;
alter table community add column outline_wkb blob;
alter table town add column outline_wkb blob;
