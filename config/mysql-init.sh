# Read by the entry point of the mysql and mariadb images at the first start, which has docker_process_sql: for each
# domain a database, and an account that may use no other. Not executable, so that it is read rather than run.

for domain in user video interaction social; do
    password="MYSQL_${domain^^}_PASSWORD"
    # In a grant, an underscore without a backslash stands for any character.
    docker_process_sql <<SQL
CREATE DATABASE IF NOT EXISTS \`reelgraph_${domain}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER '${domain}'@'%' IDENTIFIED BY '${!password}';
GRANT ALL PRIVILEGES ON \`reelgraph\\_${domain}\`.* TO '${domain}'@'%';
SQL
done
