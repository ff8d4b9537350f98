-- Who sent a person: the party organisation of a firm or social organisation. Null for the district's own people.
alter table staff add column organisation_name varchar;
