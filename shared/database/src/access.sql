-- $1 tables, $2 their columns, pair by pair.
SELECT
    current_user::text AS role,
    coalesce((SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user), true) AS superuser,
    current_setting('transaction_read_only') = 'on' AS read_only,
    coalesce(array_agg(wanted.name ORDER BY wanted.name) FILTER (WHERE wanted.attnum IS NULL), '{}') AS missing,
    coalesce(
        array_agg(wanted.name ORDER BY wanted.name)
            FILTER (WHERE NOT has_column_privilege(wanted.attrelid, wanted.attnum, 'SELECT')),
        '{}') AS unreadable,
    coalesce(
        array_agg(DISTINCT wanted.table_name)
            FILTER (WHERE has_table_privilege(wanted.attrelid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                OR has_any_column_privilege(wanted.attrelid, 'INSERT, UPDATE')),
        '{}') AS writable
FROM (
    SELECT pair.table_name, pair.table_name || '.' || pair.column_name AS name, a.attrelid, a.attnum
    FROM unnest($1::text[], $2::text[]) AS pair (table_name, column_name)
    LEFT JOIN pg_attribute a
        ON a.attrelid = to_regclass(pair.table_name) AND a.attname = pair.column_name AND NOT a.attisdropped
) AS wanted
