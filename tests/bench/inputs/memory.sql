-- SPDX-License-Identifier: MIT
-- What sqlite3 does in the bench: a database in memory, from rows made by itself.
create table page(id integer primary key, url text unique, body text, depth int);
create table link(a int, b int, label text);
create index link_a on link(a);
create index link_b on link(b);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 120000)
	insert into page select i, 'http://site/p/' || i, printf('%.*c', i % 200, 'x'), i % 9 from n;
insert into link select id, id * 7 % 120000, 'link ' || id from page;
insert into link select id, id * 31 % 120000, upper(url) from page;
select count(*), sum(length(label)) from page join link on page.id = link.a where depth > 3;
select depth, count(distinct b), max(label), group_concat(substr(label, -2)) from page join link on page.id = link.b
	group by depth order by depth;
update page set body = body || url where id % 3 = 0;
delete from link where a % 5 = 1;
select count(*) from (select url from page union select label from link order by 1);
