-- $1 licence groups in lower case, $2 the last name of the page before, $3 time zone of Confluence, $4 accounts a page.
WITH directories AS (
    -- Confluence asks its active directories in this order. Other applications that use Confluence as their user server
    -- have an order of their own; Confluence's is the oldest.
    SELECT
        d.id, d.directory_name, d.directory_type,
        row_number() OVER (ORDER BY min(m.list_index) NULLS LAST, d.id) AS place
    FROM cwd_app_dir_mapping m
    JOIN cwd_directory d ON d.id = m.directory_id
    WHERE d.active = 'T' AND m.application_id = (SELECT min(application_id) FROM cwd_app_dir_mapping)
    GROUP BY d.id, d.directory_name, d.directory_type
), page AS (
    -- Byte order: it is the same on every server, and an index that a new C library left damaged is not used.
    -- A deleted account has no lower_username, so it fails the comparison.
    SELECT um.user_key, um.lower_username
    FROM user_mapping um
    WHERE um.lower_username COLLATE "C" > $2::text
        AND EXISTS (
            SELECT 1 FROM cwd_user cu JOIN directories d ON d.id = cu.directory_id
            WHERE cu.lower_user_name = um.lower_username)
    ORDER BY um.lower_username COLLATE "C", um.user_key
    LIMIT $4::int8
), holders AS (
    -- Everybody of that name; the first directory wins.
    SELECT
        p.user_key, p.lower_username, cu.id, cu.user_name, cu.active, cu.created_date, cu.email_address,
        d.id AS directory_id, d.directory_name, d.directory_type,
        row_number() OVER (PARTITION BY p.user_key ORDER BY d.place, cu.id) AS place
    FROM page p
    JOIN cwd_user cu ON cu.lower_user_name = p.lower_username
    JOIN directories d ON d.id = cu.directory_id
), logins AS (
    -- The column named username holds the user key.
    SELECT li.username AS user_key, max(li.successdate) FILTER (WHERE isfinite(li.successdate)) AS successdate
    FROM logininfo li
    WHERE li.username IN (SELECT user_key FROM page)
    GROUP BY li.username
), seen AS (
    -- Text that may be anything, so it is not cast here. From all directories: after a migration the newest login may
    -- stand beside the account that no longer wins.
    SELECT h.user_key, array_agg(ua.attribute_value::text) AS attribute_values
    FROM holders h
    JOIN cwd_user_attribute ua ON ua.user_id = h.id
    WHERE ua.attribute_name = 'lastAuthenticated' AND ua.attribute_value IS NOT NULL
    GROUP BY h.user_key
), memberships AS (
    SELECT
        m.child_user_id,
        array_agg(DISTINCT g.lower_group_name::text) AS direct,
        array_agg(DISTINCT g.lower_group_name::text) FILTER (WHERE g.local IS DISTINCT FROM 'T') AS synchronised
    FROM cwd_membership m
    JOIN cwd_group g ON g.id = m.parent_id
    WHERE g.lower_group_name = ANY ($1::text[]) AND m.child_user_id IN (SELECT id FROM holders WHERE place = 1)
    GROUP BY m.child_user_id
), shadows AS (
    SELECT user_key, array_agg(directory_name::text ORDER BY place) AS directory_names
    FROM holders
    WHERE place > 1 AND active = 'T'
    GROUP BY user_key
)
SELECT
    h.user_key::text AS user_key,
    h.user_name::text AS user_name,
    h.lower_username::text AS lower_username,
    h.directory_name::text AS directory,
    h.directory_type = 'INTERNAL' AS internal,
    EXISTS (
        SELECT 1 FROM cwd_directory_attribute da
        WHERE da.directory_id = h.directory_id AND da.attribute_name IN ('ldap.local.groups', 'useLocalGroups')
            AND lower(da.attribute_value) = 'true') AS local_groups,
    EXISTS (
        SELECT 1 FROM cwd_directory_operation op
        WHERE op.directory_id = h.directory_id AND op.operation_type = 'UPDATE_GROUP') AS update_group,
    EXISTS (
        SELECT 1 FROM cwd_directory_operation op
        WHERE op.directory_id = h.directory_id AND op.operation_type = 'UPDATE_USER') AS update_user,
    -- Local time of the server without a zone. In the hour that autumn has twice, PostgreSQL takes the later one.
    (CASE WHEN isfinite(h.created_date) THEN h.created_date::timestamp END AT TIME ZONE $3::text)
        AT TIME ZONE 'UTC' AS created,
    h.email_address::text AS email,
    (l.successdate::timestamp AT TIME ZONE $3::text) AT TIME ZONE 'UTC' AS last_login,
    s.attribute_values AS last_authenticated,
    m.direct AS direct_groups,
    m.synchronised AS synchronised_groups,
    sh.directory_names AS shadowed_in
FROM holders h
LEFT JOIN logins l ON l.user_key = h.user_key
LEFT JOIN seen s ON s.user_key = h.user_key
LEFT JOIN memberships m ON m.child_user_id = h.id
LEFT JOIN shadows sh ON sh.user_key = h.user_key
WHERE h.place = 1
ORDER BY h.lower_username COLLATE "C", h.user_key
