-- TPC-H as PostgreSQL holds it in the tests. The keys follow the rows.
CREATE TABLE region (r_regionkey integer NOT NULL, r_name varchar NOT NULL, r_comment varchar NOT NULL);
CREATE TABLE nation (n_nationkey integer NOT NULL, n_name varchar NOT NULL, n_regionkey integer NOT NULL, n_comment varchar NOT NULL);
CREATE TABLE supplier (s_suppkey bigint NOT NULL, s_name varchar NOT NULL, s_address varchar NOT NULL, s_nationkey integer NOT NULL,
  s_phone varchar NOT NULL, s_acctbal numeric(15,2) NOT NULL, s_comment varchar NOT NULL);
CREATE TABLE customer (c_custkey bigint NOT NULL, c_name varchar NOT NULL, c_address varchar NOT NULL, c_nationkey integer NOT NULL,
  c_phone varchar NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment varchar NOT NULL, c_comment varchar NOT NULL);
CREATE TABLE part (p_partkey bigint NOT NULL, p_name varchar NOT NULL, p_mfgr varchar NOT NULL, p_brand varchar NOT NULL, p_type varchar NOT NULL,
  p_size integer NOT NULL, p_container varchar NOT NULL, p_retailprice numeric(15,2) NOT NULL, p_comment varchar NOT NULL);
CREATE TABLE partsupp (ps_partkey bigint NOT NULL, ps_suppkey bigint NOT NULL, ps_availqty bigint NOT NULL,
  ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar NOT NULL);
CREATE TABLE orders (o_orderkey bigint NOT NULL, o_custkey bigint NOT NULL, o_orderstatus varchar NOT NULL, o_totalprice numeric(15,2) NOT NULL,
  o_orderdate date NOT NULL, o_orderpriority varchar NOT NULL, o_clerk varchar NOT NULL, o_shippriority integer NOT NULL, o_comment varchar NOT NULL);
CREATE TABLE lineitem (l_orderkey bigint NOT NULL, l_partkey bigint NOT NULL, l_suppkey bigint NOT NULL, l_linenumber bigint NOT NULL,
  l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL,
  l_returnflag varchar NOT NULL, l_linestatus varchar NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,
  l_shipinstruct varchar NOT NULL, l_shipmode varchar NOT NULL, l_comment varchar NOT NULL);
-- keys
ALTER TABLE region ADD PRIMARY KEY (r_regionkey);
ALTER TABLE nation ADD PRIMARY KEY (n_nationkey);
ALTER TABLE supplier ADD PRIMARY KEY (s_suppkey);
ALTER TABLE customer ADD PRIMARY KEY (c_custkey);
ALTER TABLE part ADD PRIMARY KEY (p_partkey);
ALTER TABLE partsupp ADD PRIMARY KEY (ps_partkey, ps_suppkey);
ALTER TABLE orders ADD PRIMARY KEY (o_orderkey);
ALTER TABLE lineitem ADD PRIMARY KEY (l_orderkey, l_linenumber);
